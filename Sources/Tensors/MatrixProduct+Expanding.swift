import CKernels

/// `c = a bᵀ` in float32 for a matrix that is kept in bf16: bit by bit the product with its values in
/// float32. With few rows these are made as they are read, else each processor makes those of its part.
public func multiply(_ a: Tensor, expanding b: HalfTensor, into c: Tensor) {
    if a.rows <= fewRows { return multiply(a, transposed: b, into: c) }
    let whole = SplitProduct(
        a: MatrixView(a), opA: .plain, b: MatrixView(b), opB: .transposed, c: MatrixView(c))
    whole.check()
    let kernel = whole.kernel(.fp32, beta: 0)
    if kernel == .rows {
        whole.run(by: kernel) { part in
            _ = ck_rows_product_expanding(
                part.a.pointer, part.c.rows, part.a.stride, part.b.pointer, part.c.columns, part.inner,
                part.b.stride, part.c.pointer, part.c.stride)
        }
        return
    }
    // Where rows are divided, every processor needs the whole matrix.
    if a.rows >= b.rows { return multiply(a, .plain, b.expanded(), .transposed, into: c) }
    whole.run { part in
        // The pieces of `run` as they are: OpenBLAS sums smaller ones in another order.
        let (outputs, inner) = (part.c.columns, part.inner)
        let room = Tensor(uninitialized: [outputs, inner])
        for row in 0..<outputs {
            ck_from_bfloat16(part.b.pointer + row * part.b.stride, room.pointer + row * inner, inner)
        }
        SplitProduct<Float, Float>(
            a: part.a, opA: .plain, b: MatrixView(room), opB: .transposed, c: part.c
        ).compute(by: kernel, alpha: 1, beta: 0)
    }
}
