import Foundation

extension ImageProcessor {
    /// Reads `preprocessor_config.json` as the SigLIP and CLIP processors of transformers 4 and 5 write it.
    ///
    /// A setting that would change the numbers and is not supported is refused; other keys are ignored.
    ///
    /// - Parameters:
    ///   - file: what errors call it
    ///   - aspect: nil for the processor's own way (`square` for SigLIP, `clip` for CLIP)
    /// - Throws: `ImageError.badProcessor`
    public init(configuration: Data, file: String, aspect: Aspect? = nil) throws {
        func bad(_ field: String, _ found: Any?, _ expected: String) -> ImageError {
            .badProcessor(
                file: file, field: field, found: found.map { "\($0)" } ?? "missing", expected: expected)
        }
        let parsed: Any
        do {
            parsed = try JSONSerialization.jsonObject(with: configuration)
        } catch {
            throw bad(
                "(file)", "not JSON: \((error as NSError).userInfo[NSDebugDescriptionErrorKey] ?? error)",
                "a JSON object")
        }
        guard let fields = parsed as? [String: Any] else {
            throw bad("(file)", "not an object", "a JSON object")
        }

        let names = ["image_processor_type", "feature_extractor_type", "processor_class"]
        guard let named = names.first(where: { fields[$0] is String }), let type = fields[named] as? String
        else {
            throw bad("image_processor_type", nil, "SiglipImageProcessor or CLIPImageProcessor")
        }
        let kind: Kind
        switch type.lowercased() {
        case let name where name.hasPrefix("siglip"): kind = .siglip
        case let name where name.hasPrefix("clip"): kind = .clip
        default: throw bad(named, "'\(type)'", "SiglipImageProcessor or CLIPImageProcessor")
        }

        func number(_ value: Any?) -> NSNumber? {
            guard let number = value as? NSNumber, CFBooleanCheck.isNumber(value) else { return nil }
            return number
        }
        func whole(_ value: Any?) -> Int? { number(value).flatMap { Int(exactly: $0.doubleValue) } }
        func flag(_ key: String, default standard: Bool) throws -> Bool {
            guard let value = fields[key], !(value is NSNull) else { return standard }
            guard let flag = value as? Bool, !CFBooleanCheck.isNumber(value) else {
                throw bad(key, value, "true or false")
            }
            return flag
        }
        func side(_ key: String) throws -> Int? {
            guard let value = fields[key], !(value is NSNull) else { return nil }
            if let side = whole(value) { return side }
            let parts = value as? [String: Any] ?? [:]
            if let side = whole(parts["shortest_edge"]) { return side }
            guard let height = whole(parts["height"]), let width = whole(parts["width"]), height == width
            else {
                throw bad(key, value, "a number of pixels, or a square height and width")
            }
            return height
        }
        func numbers(_ key: String) throws -> [Double]? {
            guard let value = fields[key], !(value is NSNull) else { return nil }
            guard let list = value as? [Any], list.count == 3,
                case let found = list.compactMap({ number($0)?.doubleValue }),
                found.count == 3
            else { throw bad(key, value, "three numbers") }
            return found
        }

        for key in ["do_resize", "do_rescale", "do_normalize"] where try !flag(key, default: true) {
            throw bad(key, "false", "true")
        }
        if try flag("do_pad", default: false) { throw bad("do_pad", "true", "false or absent") }
        if let resample = fields["resample"], !(resample is NSNull), whole(resample) != 3 {
            throw bad("resample", resample, "3 (bicubic)")
        }
        if let factor = fields["rescale_factor"], !(factor is NSNull) {
            guard let value = number(factor)?.doubleValue, abs(value * 255 - 1) < 1e-6 else {
                throw bad("rescale_factor", factor, "1/255")
            }
        }
        guard let size = try side("size") else { throw bad("size", nil, "a number of pixels") }
        if kind == .clip {
            let cuts = try flag("do_center_crop", default: true)
            guard cuts || (fields["size"] as? [String: Any])?["shortest_edge"] == nil else {
                throw bad("do_center_crop", "false", "true when 'size' is the shortest edge")
            }
            if cuts, let crop = try side("crop_size"), crop != size {
                throw bad("crop_size", crop, "\(size), the same as 'size'")
            }
        } else if try flag("do_center_crop", default: false) {
            throw bad("do_center_crop", "true", "false or absent for SigLIP")
        }
        try self.init(
            kind: kind, size: size, mean: numbers("image_mean"), standardDeviation: numbers("image_std"),
            aspect: aspect,
            file: file)
    }

    /// The same settings as `preprocessor_config.json`, as the Hugging Face processor of this kind reads
    /// them. `aspect` is not part of that file: LLaVA keeps it as `image_aspect_ratio` in the model's
    /// `config.json`.
    public func configuration() throws -> Data {
        let sides = ["height": size, "width": size]
        var fields: [String: Any] = [
            "image_processor_type": kind == .siglip ? "SiglipImageProcessor" : "CLIPImageProcessor",
            "do_resize": true, "do_rescale": true, "do_normalize": true, "do_convert_rgb": true,
            "resample": 3, "rescale_factor": 1.0 / 255, "size": sides, "image_mean": mean,
            "image_std": standardDeviation,
        ]
        if kind == .clip {
            fields["size"] = ["shortest_edge": size]
            fields["crop_size"] = sides
            fields["do_center_crop"] = true
        }
        return try JSONSerialization.data(withJSONObject: fields, options: [.prettyPrinted, .sortedKeys])
    }
}

/// Check that a value of JSON is a number: `true` and `1` are both NSNumber, told apart by the stored type.
private enum CFBooleanCheck {
    static func isNumber(_ value: Any?) -> Bool {
        guard let number = value as? NSNumber else { return false }
        return String(cString: number.objCType) != "c" && String(cString: number.objCType) != "B"
    }
}
