package script_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

func TestScripts(t *testing.T) {
	t.Parallel()
	bin := binaryOnPath(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Condition:           switched,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("PREAMP", filepath.Join(bin, "preamp"))
			example, err := filepath.Abs("../../examples")
			e.Setenv("EXAMPLES", example)
			e.Values[serversKey{}] = map[string]*server{}
			e.Values[issuerKey{}] = key
			if err != nil {
				return err
			}
			// A port that is free at the moment, for what must know it beforehand.
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("FREE", l.Addr().String())
			return l.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"dev": start("dev"), "serve": start("serve"), "end": end,
			"code": code, "jsonenv": jsonenv, "fetch": fetch, "retry": retry,
			"issuer": issuer, "token": token, "snippet": snippet,
		},
	})
}

// binaryOnPath is a folder with the binary under its name.
func binaryOnPath(t *testing.T) string {
	t.Helper()
	binary, err := filepath.Abs(harness.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(dir, "preamp")); err != nil {
		t.Fatal(err)
	}
	return dir
}

type serversKey struct{}

// server is a process in the background of a script.
type server struct {
	cmd    *exec.Cmd
	out    output
	ended  chan struct{}
	result error
}

// output is written by a process and read by the script.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start runs a server until the script ends. The data directory is the server's
// name, unless a flag says otherwise.
func start(command string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) == 0 {
			ts.Fatalf("usage: %s NAME [flag...]", command)
		}
		servers := ts.Value(serversKey{}).(map[string]*server)
		name := args[0]
		data := name
		if command == "dev" {
			args = append([]string{name, "--data", name, "--listen", "127.0.0.1:0"}, args[1:]...)
		}
		s := &server{ended: make(chan struct{})}
		s.cmd = exec.Command(ts.Getenv("PREAMP"), append([]string{command}, args[1:]...)...)
		s.cmd.Dir = ts.MkAbs(".")
		s.cmd.Env = environ(ts)
		s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
		ts.Check(s.cmd.Start())
		servers[name] = s
		go func() { defer close(s.ended); s.result = s.cmd.Wait() }()
		ts.Defer(func() {
			_ = s.cmd.Process.Kill()
			<-s.ended
			ts.Logf("[%s %s]\n%s", command, name, s.out.String())
		})
		deadline := time.Now().Add(60 * time.Second)
		for {
			wait := exec.Command(ts.Getenv("PREAMP"), "status", "--data", data, "--wait", "1")
			wait.Dir, wait.Env = s.cmd.Dir, environ(ts)
			if wait.Run() == nil {
				return
			}
			select {
			case <-s.ended:
				ts.Fatalf("%s %s ended: %v\n%s", command, name, s.result, s.out.String())
			default:
			}
			if time.Now().After(deadline) {
				ts.Fatalf("%s %s is not ready", command, name)
			}
		}
	}
}

// environ is the environment of the script, as far as the binary cares for it.
func environ(ts *testscript.TestScript) []string {
	var out []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if v := ts.Getenv(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// end asks a server to end. Its output is that of the command; the exit code
// must be 0.
func end(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: end NAME")
	}
	s := ts.Value(serversKey{}).(map[string]*server)[args[0]]
	if s == nil {
		ts.Fatalf("no server %s", args[0])
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-s.ended:
	case <-time.After(40 * time.Second):
		ts.Fatalf("%s has not ended", args[0])
	}
	_, _ = io.WriteString(ts.Stdout(), s.out.String())
	if s.result != nil {
		ts.Fatalf("%s: %v\n%s", args[0], s.result, s.out.String())
	}
}

// code runs a command that must end with an exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// jsonenv takes a value out of the last output: jsonenv URL apps.0.name.
func jsonenv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: jsonenv VAR PATH")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for step := range strings.SplitSeq(args[1], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				ts.Fatalf("%s: no element %s", args[1], step)
			}
			v = x[i]
		default:
			ts.Fatalf("%s: nothing at %s", args[1], step)
		}
	}
	if v == nil {
		ts.Fatalf("%s is not there", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// fetch sends a request: fetch [-ca FILE] [-X METHOD] [-H 'k: v']... [-d BODY] URL.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	ca := flags.String("ca", "", "")
	method := flags.String("X", "", "")
	data := flags.String("d", "", "")
	header := http.Header{}
	flags.Func("H", "", func(s string) error {
		k, v, _ := strings.Cut(s, ": ")
		header.Add(k, v)
		return nil
	})
	ts.Check(flags.Parse(args))
	if flags.NArg() != 1 {
		ts.Fatalf("usage: fetch [flag...] URL")
	}
	transport := &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true}
	if *ca != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(ts.ReadFile(*ca))) {
			ts.Fatalf("%s holds no certificate", *ca)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	if *method == "" {
		*method = "GET"
		if *data != "" {
			*method = "POST"
			header.Set("Content-Type", "application/json")
		}
	}
	r, err := http.NewRequest(*method, flags.Arg(0), strings.NewReader(*data))
	ts.Check(err)
	maps.Copy(r.Header, header)
	resp, err := (&http.Client{Transport: transport, Timeout: 30 * time.Second}).Do(r)
	if err != nil {
		if !neg {
			ts.Fatalf("%v", err)
		}
		fmt.Fprintln(ts.Stderr(), err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s %s\n%s\n", resp.Proto, resp.Status, body)
	if failed := resp.StatusCode >= 400; failed != neg {
		ts.Fatalf("%s", resp.Status)
	}
}

// graphql sends a query with an API key and answers the body, or the error.
func graphql(key, url, query string) string {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return err.Error()
	}
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return string(answer) + fmt.Sprint(err)
}

// retry repeats one of `log NAME`, `graphql KEY URL QUERY` and `preamp ARG...`
// until its output matches, for 20 seconds.
func retry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: retry PATTERN COMMAND...")
	}
	want := regexp.MustCompile(args[0])
	deadline := time.Now().Add(20 * time.Second)
	for {
		var out string
		switch args[1] {
		case "log": // what a server has printed
			out = ts.Value(serversKey{}).(map[string]*server)[args[2]].out.String()
		case "graphql": // graphql KEY URL QUERY
			out = graphql(args[2], args[3], args[4])
		default:
			cmd := exec.Command(ts.Getenv("PREAMP"), args[2:]...)
			cmd.Dir, cmd.Env = ts.MkAbs("."), environ(ts)
			raw, _ := cmd.CombinedOutput()
			out = string(raw)
		}
		if want.MatchString(out) {
			_, _ = io.WriteString(ts.Stdout(), out)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no match for %q in\n%s", args[0], out)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
