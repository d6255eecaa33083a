// Package azure is the client of Azure Quantum, which sells processors and simulators of
// several providers: IonQ's and Quantinuum's targets are written for, others are listed and
// refused.
//
// A job is a circuit. Its input goes into a container of the workspace's storage, by an
// address that the service signs (SAS), then the job is put under an id that is made of our
// tag: the same job put again is one job. Its result is a blob of the same container, for
// which a new address is asked each time.
//
// Order of bits: IonQ's outcomes are numbers whose bit i is qubit i; Quantinuum's are texts
// of each shot and register, the last bit of the register first. The service has no
// calibration data: snapshots hold gates and couplings, no figures.
//
// Sources: azure-quantum 3.13.0, REST interface of the version that is sent; "Azure Quantum
// provider pricing", IonQ's and Quantinuum's sections.
package azure
