// swift-tools-version: 6.2
import PackageDescription

// The targets as data, in dependency order. `ImportTests` holds the `import` lines of Sources/ to this table.

/// Debian's C libraries: a module map and a shim header each, nothing else.
let system = [
    "COpenBLAS", "CDNNL", "CZstd", "CZlib", "CArchive", "CCrypto", "CJPEG", "CPNG", "CWebP", "CGIF", "CTIFF",
    "CCurl", "CAllocator",
]

let libraries: [(name: String, imports: [String])] = [
    ("Processors", ["CKernels"]),
    ("Tensors", ["Processors", "COpenBLAS", "CDNNL", "CKernels"]),
    ("Autograd", ["Tensors", "CKernels"]),
    ("Files", ["CZstd", "CZlib", "CArchive", "CCrypto"]),
    ("Settings", ["Files"]),
    ("Ranks", ["Files", "CMessages"]),
    ("Records", ["Files"]),
    ("Fetching", ["Records", "Files", "CCurl"]),
    ("Text", ["Files"]),
    ("Images", ["Files", "CJPEG", "CPNG", "CWebP", "CGIF", "CTIFF", "CKernels"]),
    ("Shards", ["Processors", "Settings", "Ranks", "Files", "Text", "Images"]),
    ("Models", ["Settings", "Tensors", "Autograd", "Files", "Images"]),
    ("GGUF", ["Settings", "Tensors", "Files", "Text", "Images", "Models"]),
    (
        "Distillation",
        [
            "Settings", "Records", "Tensors", "Autograd", "Models", "Shards", "Files", "Text", "Images",
            "CKernels",
        ]
    ),
    (
        "TeacherStore",
        ["Settings", "Tensors", "Autograd", "Models", "Shards", "Distillation", "Files", "CKernels"]
    ),
    (
        "Analysis",
        ["Settings", "Records", "Ranks", "Tensors", "Autograd", "Models", "Shards", "Distillation", "Files"]
    ),
    (
        "Training",
        [
            "Settings", "Records", "Ranks", "Tensors", "Autograd", "Models", "Shards", "Distillation",
            "TeacherStore", "Files", "Text", "CKernels",
        ]
    ),
    ("Benchmarks", ["Records", "Files", "Text", "Shards"]),
    ("Converting", ["Settings", "Benchmarks", "Files", "Text", "Shards"]),
    (
        "Answering",
        [
            "Settings", "Ranks", "Tensors", "Autograd", "Files", "Text", "Images", "Shards", "Models",
            "Benchmarks", "CKernels",
        ]
    ),
    ("Comparing", ["Settings", "Records", "Benchmarks", "Files"]),
    ("World", ["Processors", "Settings", "Files", "Text", "Images"]),
    (
        "Stage",
        ["Processors", "Settings", "Records", "Ranks", "Files", "CAllocator", "ArgumentParser", "Yams"]
    ),
    (
        "Measuring",
        [
            "Settings", "Records", "Autograd", "Distillation", "TeacherStore", "Files", "Models", "Shards",
            "Stage", "Tensors", "Training",
        ]
    ),
    (
        "Report",
        [
            "Settings", "Records", "Files", "Text", "Images", "Models", "Distillation", "TeacherStore",
            "Benchmarks", "Comparing", "Stage", "Training", "Mustache",
        ]
    ),
]

let stages: [(name: String, imports: [String])] = [
    ("fetch-data", ["Fetching", "Records"]),
    ("convert-data", ["Converting"]),
    ("make-world", ["Processors", "World"]),
    ("assemble-model", ["Models"]),
    ("pack-shards", ["Ranks", "Distillation", "Shards", "Text"]),
    (
        "cache-teacher",
        ["Processors", "Ranks", "Report", "TeacherStore", "Distillation", "Models", "Shards", "Tensors"]
    ),
    (
        "train-student",
        [
            "Records", "Ranks", "Training", "Distillation", "TeacherStore", "Models", "Shards", "Tensors",
            "Text",
        ]
    ),
    ("ask-model", ["Processors", "Models", "Images", "Autograd", "Text"]),
    ("export-gguf", ["GGUF"]),
    ("answer-benchmarks", ["Ranks", "Benchmarks", "Models", "Images", "Autograd", "Text", "Tensors"]),
    ("write-answers", ["Answering", "Ranks", "Models", "Tensors"]),
    ("score-benchmarks", ["Records", "Benchmarks", "Comparing"]),
    ("compare-runs", ["Records", "Comparing"]),
    (
        "measure-exposure",
        ["Records", "Ranks", "Analysis", "Distillation", "Models", "Report", "Shards", "Tensors", "Text"]
    ),
    ("measure-efficiency", ["Processors", "Records", "Measuring", "Models", "Report", "Tensors"]),
    (
        "bench-align-ti",
        ["Processors", "Benchmarks", "Images", "Measuring", "Shards", "Tensors", "Text", "World"]
    ),
    ("write-report", ["Comparing", "Report"]),
    ("watch-training", ["Records", "Report"]),
    ("trace-model", ["Records", "Analysis", "Distillation", "Models", "Shards", "Autograd", "Tensors"]),
]

let products: [String: Target.Dependency] = [
    "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser"),
    "Yams": .product(name: "Yams", package: "Yams"),
    "Mustache": .product(name: "Mustache", package: "swift-mustache"),
]
func dependencies(_ names: [String]) -> [Target.Dependency] {
    names.map { products[$0] ?? .byName(name: $0) }
}

func support(for library: String) -> [String] {
    switch library {
    case "Autograd", "Models": ["TestSupport", "NumericsSupport"]
    case "Report": ["TestSupport", "AlignmentSupport"]
    case "Distillation", "TeacherStore", "Analysis":
        ["TestSupport", "NumericsSupport", "AlignmentSupport"]
    case "Training": ["TestSupport", "NumericsSupport", "AlignmentSupport", "RanksSupport"]
    case "Ranks", "Shards", "Answering": ["TestSupport", "RanksSupport"]
    default: ["TestSupport"]
    }
}

let package = Package(
    name: "align-ti",
    products: stages.map { .executable(name: $0.name, targets: [$0.name]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    ],
    targets: system.map { .systemLibrary(name: $0) }
        + [
            // The row loops. The flags are the numerics' contract (FMA allowed, errno not set), so debug
            // builds have them too.
            .target(
                name: "CKernels",
                cSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=fast"])]),
            // Loads one of the plug-ins that `make` builds from mpi/ with the compiler wrappers of MPI.
            .target(name: "CMessages", exclude: ["mpi"], linkerSettings: [.linkedLibrary("dl")]),
        ]
        + libraries.map { .target(name: $0.name, dependencies: dependencies($0.imports)) }
        + stages.map {
            .executableTarget(name: $0.name, dependencies: dependencies(["Stage", "Settings"] + $0.imports))
        }
        + [
            .target(name: "TestSupport", path: "Tests/TestSupport"),
            .target(name: "RanksSupport", dependencies: ["Ranks"], path: "Tests/RanksSupport"),
            .target(
                name: "NumericsSupport", dependencies: dependencies(["Tensors", "Autograd", "TestSupport"]),
                path: "Tests/NumericsSupport"),
            .target(
                name: "AlignmentSupport",
                dependencies: dependencies([
                    "Tensors", "Models", "Records", "Distillation", "Analysis", "Files",
                ]),
                path: "Tests/AlignmentSupport"),
        ]
        + libraries.map {
            .testTarget(
                name: "\($0.name)Tests",
                dependencies: dependencies([$0.name] + support(for: $0.name) + $0.imports))
        }
        + [
            .testTarget(name: "RepositoryTests", dependencies: ["TestSupport"]),
            // `make fuzz`
            .executableTarget(
                name: "fuzz-parsers",
                dependencies: dependencies([
                    "Benchmarks", "Files", "Images", "Models", "Records", "Shards", "Stage", "TeacherStore",
                    "Text", "ArgumentParser",
                ]),
                path: "Tests/Fuzzing"),
        ],
    swiftLanguageModes: [.v6]
)
