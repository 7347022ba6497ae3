import COpenBLAS
import Foundation
import Processors

/// The machine, and settings that the process asks of it once.
public enum Machine {
    /// OpenBLAS stays on the calling thread, because `parallel` splits the work and spinning BLAS threads
    /// would fight it; freed memory of oneDNN's and of samples stays with the process, because getting pages
    /// back from the kernel takes longer than filling them (tensors have memory of their own, `Arena`).
    private static let prepared: Void = {
        openblas_set_num_threads(1)
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, Int32.max)
    }()

    package static func prepare() { _ = prepared }

    /// Most bytes that the tensors of this process took at one time, with the gaps between them.
    public static var tensorBytes: Int { Arena.bytes }

    /// Processors that products are cut for: those of the machine, or of its control group. All processes
    /// of a run on it have the same, however few each may use, so that they compute the same bits.
    public static let processors = AllowedProcessors.ofGroup

    /// The kernels OpenBLAS chose for this processor, such as `SkylakeX`.
    public static var blasCore: String { String(cString: openblas_get_corename()) }

    /// Names of those with AVX2 or more.
    static let blasCoresWithAVX2: Set = [
        "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids", "Excavator",
    ]
}
