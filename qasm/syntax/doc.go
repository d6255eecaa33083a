// Package syntax reads the text of OpenQASM 3 (3.0 to 3.2) and 2.0 programs: a
// scanner, a recursive-descent parser with a table of precedences, and the
// syntax tree. One grammar serves all versions; a version flag, set by the
// version line, decides where they differ (Parser.Major).
//
// The grammar is that of the OpenQASM 3 specification ("Language grammar",
// qasm3Parser.g4 and qasm3Lexer.g4) and of Cross et al. 2017, "Open Quantum
// Assembly Language", for version 2. What a program means is the business of
// package qasm.
//
// # Errors
//
// A mistake is an *Error with file, line, column, the line itself, what was
// expected and found, and a hint where one is known. After it the parser goes on
// with the next statement, so one run reports several, at most MaxErrors.
// Nothing panics, whatever the text: nesting is limited to MaxDepth.
//
// # Statement by statement
//
// Parser.Next returns one top-level statement after the other, so a large file
// is never held as a tree; Parse collects them.
package syntax
