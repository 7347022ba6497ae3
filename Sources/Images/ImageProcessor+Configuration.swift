import Files
import Foundation

extension ImageProcessor {
    /// Reads `preprocessor_config.json` as the SigLIP and CLIP processors of transformers 4 and 5 write it.
    ///
    /// A setting that would change the numbers and is not supported is refused; other keys are ignored.
    ///
    /// - Parameters:
    ///   - file: what errors call it
    ///   - aspect: nil for the processor's own way (`square` for SigLIP, `clip` for CLIP)
    /// - Throws: `FilesError.notJSON` or `.badField`
    public init(configuration: Data, file: String, aspect: Aspect? = nil) throws {
        let fields = try JSONField(parsing: [UInt8](configuration), file: file)
        let types = ["image_processor_type", "feature_extractor_type", "processor_class"]
        let type = try types.map { try fields[$0] }.first { $0.value?.string != nil } ?? fields[types[0]]
        let kind: Kind
        switch type.value?.string?.lowercased() {
        case let name? where name.hasPrefix("siglip"): kind = .siglip
        case let name? where name.hasPrefix("clip"): kind = .clip
        default: throw type.bad(expected: "SiglipImageProcessor or CLIPImageProcessor")
        }
        for name in ["do_resize", "do_rescale", "do_normalize"] where try !fields.flag(name, default: true) {
            throw try fields[name].bad(expected: "true")
        }
        if try fields.flag("do_pad") { throw try fields["do_pad"].bad(expected: "false or absent") }
        if let resample = try fields.optional("resample"), resample.value != 3 {
            throw resample.bad(expected: "3 (bicubic)")
        }
        if let factor = try fields.optional("rescale_factor") {
            guard let value = factor.value?.double, abs(value * 255 - 1) < 1e-6 else {
                throw factor.bad(expected: "1/255")
            }
        }
        let size = try fields["size"].side()
        if kind == .clip {
            let cuts = try fields.flag("do_center_crop", default: true)
            guard try cuts || fields["size"].value?["shortest_edge"] == nil else {
                throw try fields["do_center_crop"].bad(expected: "true when 'size' is the shortest edge")
            }
            if cuts, let crop = try fields.optional("crop_size"), try crop.side() != size {
                throw crop.bad(expected: "\(size), the same as 'size'")
            }
        } else if try fields.flag("do_center_crop") {
            throw try fields["do_center_crop"].bad(expected: "false or absent for SigLIP")
        }
        try self.init(
            kind: kind, size: size, mean: fields.optional("image_mean")?.threeNumbers(),
            standardDeviation: fields.optional("image_std")?.threeNumbers(), aspect: aspect, file: file)
    }

    /// The same settings as `preprocessor_config.json`, as the Hugging Face processor of this kind reads
    /// them. `aspect` is not part of that file: LLaVA keeps it as `image_aspect_ratio` in the model's
    /// `config.json`.
    public func configuration() throws -> Data {
        let sides: JSONValue = ["height": .int(size), "width": .int(size)]
        var fields: JSONObject = [
            "image_processor_type": kind == .siglip ? "SiglipImageProcessor" : "CLIPImageProcessor",
            "do_resize": true, "do_rescale": true, "do_normalize": true, "do_convert_rgb": true,
            "resample": 3, "rescale_factor": .number(1.0 / 255), "size": sides,
            "image_mean": .array(mean.map { .number($0) }),
            "image_std": .array(standardDeviation.map { .number($0) }),
        ]
        if kind == .clip {
            fields["size"] = ["shortest_edge": .int(size)]
            fields["crop_size"] = sides
            fields["do_center_crop"] = true
        }
        return Data(JSONValue.object(fields).bytes(.pretty))
    }
}

extension JSONField {
    /// A number of pixels: itself, as the shortest edge, or as equal height and width.
    fileprivate func side() throws -> Int {
        if let side = value?.int ?? value?["shortest_edge"]?.int { return side }
        guard let height = value?["height"]?.int, height == value?["width"]?.int else {
            throw bad(expected: "a number of pixels, or a square height and width")
        }
        return height
    }

    fileprivate func threeNumbers() throws -> [Double] {
        guard case .array(let list)? = value, list.count == 3, case let numbers = list.compactMap(\.double),
            numbers.count == 3
        else { throw bad(expected: "three numbers") }
        return numbers
    }
}
