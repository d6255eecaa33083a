// Package remote sends jobs to a service so that none is lost and none is paid for twice.
//
//	requests -> programs -> Split by the service's limits -> jobs in the ledger -> sent once -> polled -> outcomes
//
// Remote is a Runner and can be stopped and taken up at any point; Rehearsal is one that
// sends nothing and adds up what would be sent.
package remote
