import Models
import Stage

// The recipe is the library's own settings; what they must be is checked where the model is put together.
extension FreshLanguage: Recipe {}
extension FreshVision: Recipe {}
extension AssemblySettings: Recipe {}
