package main

import "qgan/training/study"

// works are what tasks of a study can be.
func (a *app) works() map[string]study.Work {
	l := a.lab(&remoteFlags{}, "train")
	l.Build = buildOf()
	return (&study.Lab{Lab: l}).Works()
}
