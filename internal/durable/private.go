package durable

// private is a file system whose files and folders are their owner's alone.
type private struct{ FS }

// Private returns a file system on which what is made can be read by its owner alone,
// whatever the process's umask.
func Private(fsys FS) FS { return private{Or(fsys)} }

// CreateTemp implements [FS].
func (p private) CreateTemp(dir, pattern string) (File, error) {
	return p.own(p.FS.CreateTemp(dir, pattern))
}

// OpenAppend implements [FS].
func (p private) OpenAppend(path string) (File, error) { return p.own(p.FS.OpenAppend(path)) }

func (p private) own(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	if err := p.FS.Own(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// MkdirAll implements [FS]. Folders above the last stay as they are.
func (p private) MkdirAll(path string) error {
	if err := p.FS.MkdirAll(path); err != nil {
		return err
	}
	return p.FS.Own(path)
}
