import Files
import Foundation

extension ImageProcessor {
    /// Reads `preprocessor_config.json`; see `init(_:aspect:padding:)`.
    ///
    /// - Parameter file: what errors call it
    /// - Throws: `FilesError.notJSON` or `.badField`
    public init(configuration: Data, file: String, aspect: Aspect? = nil, padding: Kind = .clip) throws {
        try self.init(
            JSONField(parsing: [UInt8](configuration), file: file), aspect: aspect, padding: padding)
    }

    /// Reads the settings that the SigLIP, CLIP, LLaVA and Bit (DINOv2) processors of transformers 4 and 5
    /// write.
    ///
    /// A setting that would change the numbers and is not supported is refused; other keys are ignored.
    ///
    /// - Parameters:
    ///   - aspect: nil for the processor's own way
    ///   - padding: the family of the tower beside a `LlavaImageProcessor`, which stands for any
    /// - Throws: `FilesError.badField`
    public init(_ fields: JSONField, aspect: Aspect? = nil, padding: Kind = .clip) throws {
        let types = ["image_processor_type", "feature_extractor_type", "processor_class"]
        let type = try types.map { try fields[$0] }.first { $0.value?.string != nil } ?? fields[types[0]]
        let known: [(family: String, kind: Kind)] = [
            ("siglip", .siglip), ("clip", .clip), ("bit", .dinov2), ("llava", padding),
        ]
        // transformers has one class for each way of computing the same.
        let name = ["fast", "pil"].reduce(type.value?.string?.lowercased() ?? "") {
            $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0
        }
        let classes = ["imageprocessor", "featureextractor", "processor"]
        guard
            let kind = known.first(where: { family in classes.contains { name == family.family + $0 } })?.kind
        else {
            throw type.bad(
                expected: "SiglipImageProcessor, CLIPImageProcessor, BitImageProcessor (DINOv2) or "
                    + "LlavaImageProcessor")
        }
        for name in ["do_resize", "do_rescale", "do_normalize"] where try !fields.flag(name, default: true) {
            throw try fields[name].bad(expected: "true")
        }
        let pads = try fields.flag("do_pad")
        if pads, !name.hasPrefix("llava") {
            throw try fields["do_pad"].bad(expected: "false or absent for any but LlavaImageProcessor")
        }
        if pads, let aspect, aspect != .pad {
            throw try fields["do_pad"].bad(expected: "false, as image_aspect_ratio is '\(aspect.rawValue)'")
        }
        if let resample = try fields.optional("resample"), resample.value != 3 {
            throw resample.bad(expected: "3 (bicubic)")
        }
        if let factor = try fields.optional("rescale_factor") {
            guard let value = factor.value?.double, abs(value * 255 - 1) < 1e-6 else {
                throw factor.bad(expected: "1/255")
            }
        }
        let own = try Shape(fields, isSigLIP: name.hasPrefix("siglip"), pads: pads)
        // Absent, the numbers are those of the processor's class, whatever the tower: all but SigLIP's have
        // CLIP's.
        let usual = Kind(ofClass: name).statistics
        try self.init(
            kind: kind, size: own.size, mean: fields.optional("image_mean")?.threeNumbers() ?? usual.mean,
            standardDeviation: fields.optional("image_std")?.threeNumbers() ?? usual.deviation,
            aspect: aspect ?? own.aspect,
            shortestEdge: own.shortestEdge, file: fields.file)
    }

    /// What becomes of a picture's sides.
    private struct Shape {
        let size: Int
        let shortestEdge: Int?
        let aspect: Aspect

        init(_ fields: JSONField, isSigLIP: Bool, pads: Bool) throws {
            let (side, crop) = (try fields["size"].side(), try fields.optional("crop_size"))
            if isSigLIP, !pads {
                guard try !fields.flag("do_center_crop") else {
                    throw try fields["do_center_crop"].bad(expected: "false or absent for SigLIP")
                }
                guard try fields["size"].value?["shortest_edge"] == nil else {
                    throw try fields["size"].bad(
                        found: "the shortest edge", expected: "height and width for SigLIP")
                }
                (size, shortestEdge, aspect) = (side, nil, .square)
                return
            }
            let cuts = try fields.flag("do_center_crop", default: true)
            if pads {
                // The padded picture is square: a cut as large as it changes nothing.
                if cuts, let crop, try crop.side() != side {
                    throw crop.bad(expected: "\(side), the same as 'size', after padding")
                }
                (size, shortestEdge, aspect) = (side, nil, .pad)
                return
            }
            guard try cuts || fields["size"].value?["shortest_edge"] == nil else {
                throw try fields["do_center_crop"].bad(expected: "true when 'size' is the shortest edge")
            }
            guard cuts else {
                (size, shortestEdge, aspect) = (side, nil, .square)
                return
            }
            size = try crop?.side() ?? 224
            guard size <= side else {
                throw try fields["crop_size"].bad(found: "\(size)", expected: "at most the \(side) of 'size'")
            }
            // Height and width are what a picture is stretched to; nothing is left to cut.
            let isStretched = try fields["size"].value?["height"] != nil
            if isStretched, size != side {
                throw try fields["crop_size"].bad(found: "\(size)", expected: "\(side), the same as 'size'")
            }
            (shortestEdge, aspect) = isStretched ? (nil, .square) : (side, .clip)
        }
    }

    /// The same with another treatment of pictures that are no squares.
    ///
    /// - Throws: `FilesError.badField`
    package func treating(_ aspect: Aspect) throws -> ImageProcessor {
        try ImageProcessor(
            kind: kind, size: size, mean: mean, standardDeviation: standardDeviation, aspect: aspect)
    }

    /// The same settings as the Hugging Face processor for this treatment of pictures reads them.
    public func configuration() throws -> Data {
        Data(JSONValue.object(settings).bytes(.pretty))
    }

    /// The members of `preprocessor_config.json`.
    public var settings: JSONObject {
        let sides: JSONValue = ["height": .int(size), "width": .int(size)]
        var fields: JSONObject = [
            "do_resize": true, "do_rescale": true, "do_normalize": true, "do_convert_rgb": true,
            "resample": 3, "rescale_factor": .number(1.0 / 255),
            "image_mean": .array(mean.map { .number($0) }),
            "image_std": .array(standardDeviation.map { .number($0) }),
        ]
        let types: [Kind: String] = [.clip: "CLIPImageProcessor", .dinov2: "BitImageProcessor"]
        switch aspect {
        case .pad:
            fields["image_processor_type"] = "LlavaImageProcessor"
            (fields["do_pad"], fields["do_center_crop"]) = (true, false)
            (fields["size"], fields["crop_size"]) = (["shortest_edge": .int(size)], sides)
        case .square:
            fields["image_processor_type"] = .string(types[kind] ?? "SiglipImageProcessor")
            fields["size"] = sides
            if kind != .siglip { fields["do_center_crop"] = false }
        case .clip:
            fields["image_processor_type"] = .string(types[kind] ?? "CLIPImageProcessor")
            fields["size"] = ["shortest_edge": .int(shortestEdge ?? size)]
            (fields["crop_size"], fields["do_center_crop"]) = (sides, true)
        }
        return fields
    }
}

extension ImageProcessor.Kind {
    /// The kind whose statistics a processor's class has, by its name in lower case.
    fileprivate init(ofClass name: String) { self = name.hasPrefix("siglip") ? .siglip : .clip }
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
