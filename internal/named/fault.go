package named

// Fault is an error about what a user gave, whose text names settings.
type Fault struct{ text *Error }

// Faultf makes a Fault from a format with settings in braces, as [Errorf] does.
func Faultf(format string, args ...any) *Fault { return &Fault{Errorf(format, args...)} }

// Error is the text with the settings' own names.
func (f *Fault) Error() string { return f.text.Error() }

// Named is the text with each setting as show spells it.
func (f *Fault) Named(show func(name string) string) string { return f.text.Named(show) }

// Unwrap returns what was wrapped.
func (f *Fault) Unwrap() error { return f.text.Unwrap() }

// BadInput reports that the fault is in what the user gave.
func (f *Fault) BadInput() bool { return true }
