/* The checks of types are macros that only a C compiler's own calls could pass. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* curl's setters take variable arguments, which Swift cannot pass: one function for each type of value. */
static inline CURLcode cc_set_long(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}
static inline CURLcode cc_set_text(CURL *curl, CURLoption option, const char *value) {
    return curl_easy_setopt(curl, option, value);
}
static inline CURLcode cc_set_pointer(CURL *curl, CURLoption option, void *value) {
    return curl_easy_setopt(curl, option, value);
}
static inline CURLcode cc_set_list(CURL *curl, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(curl, option, value);
}
/* For CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION. */
static inline CURLcode cc_set_receiver(CURL *curl, CURLoption option,
                                       size_t (*value)(char *, size_t, size_t, void *)) {
    return curl_easy_setopt(curl, option, value);
}
static inline CURLcode cc_set_progress(CURL *curl,
                                       int (*value)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t)) {
    return curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, value);
}
/* Whether curl can be used; to be called once. */
static inline CURLcode cc_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
