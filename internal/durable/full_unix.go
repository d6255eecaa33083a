//go:build !windows

package durable

import "syscall"

const errFull = syscall.ENOSPC
