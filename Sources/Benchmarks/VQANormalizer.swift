/// The VQA challenge's normalization of short answers, in its order and with its slips.
package enum VQANormalizer {
    private static let articles: Set<Scalars> = ["a".scalars, "an".scalars, "the".scalars]

    /// Nothing above ten.
    private static let numbers: [Scalars: Scalars] = {
        let words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
        var table = ["none".scalars: "0".scalars]
        for (number, word) in words.enumerated() { table[word.scalars] = String(number).scalars }
        return table
    }()

    private static let punctuation = Set(";/[]\"{}()=+\\_-><@`,?!".unicodeScalars)

    /// Word -> its replacement. The reference's five keys with a capital are left out: words are lower-case
    /// by then.
    package static let contractions: [Scalars: Scalars] = {
        let pairs = """
            'ow'sat 'ow's'at, 'ows'at 'ow's'at, aint ain't, arent aren't, cant can't, couldn'tve couldn't've,
            couldnt couldn't, couldnt've couldn't've, couldve could've, didnt didn't, doesnt doesn't,
            dont don't, hadn'tve hadn't've, hadnt hadn't, hadnt've hadn't've, hasnt hasn't, havent haven't,
            he'dve he'd've, hed he'd, hed've he'd've, hes he's, howd how'd, howll how'll, hows how's,
            isnt isn't, it'dve it'd've, itd it'd, itd've it'd've, itll it'll, let's let's, maam ma'am,
            mightn'tve mightn't've, mightnt mightn't, mightnt've mightn't've, mightve might've,
            mustnt mustn't, mustve must've, neednt needn't, notve not've, oclock o'clock, oughtnt oughtn't,
            ow's'at 'ow's'at, shant shan't, she'dve she'd've, she's she's, shed've she'd've,
            shouldn'tve shouldn't've, shouldnt shouldn't, shouldnt've shouldn't've, shouldve should've,
            somebody'd somebodyd, somebody'dve somebody'd've, somebodyd've somebody'd've,
            somebodyll somebody'll, somebodys somebody's, someone'dve someone'd've, someoned someone'd,
            someoned've someone'd've, someonell someone'll, someones someone's, something'dve something'd've,
            somethingd something'd, somethingd've something'd've, somethingll something'll, thats that's,
            there'dve there'd've, thered there'd, thered've there'd've, therere there're, theres there's,
            they'dve they'd've, theyd they'd, theyd've they'd've, theyll they'll, theyre they're,
            theyve they've, twas 'twas, wasnt wasn't, we'dve we'd've, wed've we'd've, werent weren't,
            weve we've, whatll what'll, whatre what're, whats what's, whatve what've, whens when's,
            whered where'd, wheres where's, whereve where've, who'dve who'd've, whod who'd, whod've who'd've,
            wholl who'll, whos who's, whove who've, whyll why'll, whyre why're, whys why's, wont won't,
            wouldn'tve wouldn't've, wouldnt wouldn't, wouldnt've wouldn't've, wouldve would've,
            y'all'dve y'all'd've, y'alld've y'all'd've, y'allll y'all'll, yall y'all, yall'd've y'all'd've,
            yall'll y'all'll, you'dve you'd've, youd you'd, youd've you'd've, youll you'll, youre you're,
            youve you've
            """
        var table: [Scalars: Scalars] = [:]
        for pair in pairs.split(whereSeparator: { $0 == "," || $0 == "\n" }) {
            let words = String(pair).scalars.words
            if words.count == 2 { table[words[0]] = words[1] }
        }
        return table
    }()

    /// The text as the reference compares it; may be empty.
    package static func normalize(_ text: String) -> String {
        var scalars = separatingPossessives(text.lowered.scalars).trimmed
        for index in scalars.indices where scalars[index] == "\n" || scalars[index] == "\t" {
            scalars[index] = " "
        }
        scalars = droppingFullStops(replacingPunctuation(scalars.trimmed))
        let words = scalars.lowered.words.compactMap { word -> Scalars? in
            let word = numbers[word] ?? word
            return articles.contains(word) ? nil : contractions[word] ?? word
        }
        return String(Scalars(words.joined(separator: " ".unicodeScalars)))
    }

    /// Deletes `,` and `?`, then puts a space before every `'s`.
    private static func separatingPossessives(_ text: Scalars) -> Scalars {
        let kept = text.filter { $0 != "," && $0 != "?" }
        var result: Scalars = []
        result.reserveCapacity(kept.count + 4)
        for (index, scalar) in kept.enumerated() {
            if scalar == "'", index + 1 < kept.count, kept[index + 1] == "s" { result.append(" ") }
            result.append(scalar)
        }
        return result
    }

    /// A mark that touches a space anywhere in the text is deleted everywhere; any other mark becomes a
    /// space.
    private static func replacingPunctuation(_ text: Scalars) -> Scalars {
        guard text.contains(where: { punctuation.contains($0) }) else { return text }
        var besideSpace: Set<Unicode.Scalar> = []
        for (left, right) in zip(text, text.dropFirst()) {
            if right == " " { besideSpace.insert(left) }
            if left == " " { besideSpace.insert(right) }
        }
        return text.compactMap { scalar in
            guard punctuation.contains(scalar) else { return scalar }
            return besideSpace.contains(scalar) ? nil : " "
        }
    }

    /// Deletes full stops that no decimal digit follows, 32 at most (the reference passes a flag where a
    /// count goes).
    private static func droppingFullStops(_ text: Scalars) -> Scalars {
        var left = 32
        var result: Scalars = []
        result.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            if scalar == ".", left > 0,
                index + 1 == text.count || text[index + 1].properties.generalCategory != .decimalNumber
            {
                left -= 1
            } else {
                result.append(scalar)
            }
        }
        return result
    }
}
