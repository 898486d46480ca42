// SPDX-License-Identifier: Apache-2.0

// Work for a Go program that is watched.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"reflect"
	"runtime"
	"sync"
	"syscall"
	"time"
)

type thing struct{}

func (thing) Pid() int { return syscall.Getppid() }

func main() {
	var g sync.WaitGroup
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "x") })
	go http.Serve(l, nil)
	for i := 0; i < 4; i++ {
		g.Add(1)
		go func() {
			defer g.Done()
			if r, err := http.Get("http://" + l.Addr().String()); err == nil {
				r.Body.Close()
			}
			time.Sleep(time.Millisecond)
		}()
	}
	g.Wait()
	exec.Command("true").Run()
	user.Current()
	net.LookupHost("localhost")
	net.Interfaces()
	os.WriteFile("gf", []byte("a"), 0600)
	os.ReadDir(".")
	os.Mkdir("gd", 0700)
	os.Rename("gd", "ge")
	os.RemoveAll("ge")
	os.Symlink("a", "gl")
	os.Chmod("gf", 0644)
	os.Chtimes("gf", time.Now(), time.Now())
	os.Truncate("gf", 0)
	os.Hostname()
	os.Getgroups()
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	<-c
	syscall.Setuid(os.Getuid())
	runtime.LockOSThread()
	runtime.GC()
	fmt.Println(reflect.ValueOf(thing{}).MethodByName("Pid").Call(nil)[0].Int() > 0)
}
