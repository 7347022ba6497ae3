# What a pipeline is given: published models below PRETRAINED, data below DATA. A pipeline.mk includes this
# at its end. Its DATA_READY names the files that shards and models are made of, its GIVEN whatever else has
# to be there, folders and benchmarks, of which a newer one makes nothing anew.
#
# Make reports all that are missing at once, each with what brings it: BRING_<file> where pipeline.mk says it,
# else `make fetch` of the manifest that the file's folder is named after.
missing := $(sort $(filter-out $(wildcard $(DATA_READY) $(GIVEN)),$(DATA_READY) $(GIVEN)))
DATA_READY += $(missing)

# $(call fetched,PRETRAINED or DATA,file)
below = $(firstword $(subst /, ,$(patsubst $($(1))/%,%,$(filter $($(1))/%,$(2)))))
fetched = $(foreach name,$(if $($(1)),$(call below,$(1),$(2))),$(if \
    $(wildcard data-manifests/$(name).json),make fetch DATASET=$(name) DATA=$($(1))))
bring = $(or $(BRING_$(1)),$(call fetched,PRETRAINED,$(1)),$(call fetched,DATA,$(1)),see docs/data.md)

ifneq ($(missing),)
.PHONY: missing-inputs
$(missing): missing-inputs ;
missing-inputs:
	@printf 'make: missing: %s\n    %s\n' $(foreach file,$(missing),'$(file)' '$(call bring,$(file))') >&2
	@echo 'make: bring these, or say where they are: $(if $(PRETRAINED),PRETRAINED=folder )DATA=folder' >&2
	@exit 1
endif
