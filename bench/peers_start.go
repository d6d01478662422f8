package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// installTime bounds what is fetched from a registry.
const installTime = 15 * time.Minute

// tool runs a command of an installation and answers its output.
func tool(ctx context.Context, dir, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, installTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		tail := bytes.TrimSpace(out)
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, tail[max(0, len(tail)-300):])
	}
	return strings.TrimSpace(string(out)), nil
}

// background starts a server that logs into a file, and waits until ready says
// that it answers.
func background(dir string, ready func() error, name string, args ...string) (stop func(), err error) {
	logs, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, logs, logs
	cmd.Env = append(os.Environ(), "NODE_ENV=production", "GRAPHILE_ENV=production")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	for began := time.Now(); time.Since(began) < 90*time.Second; {
		if ready() == nil {
			return stop, nil
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(logs.Name())
			return nil, fmt.Errorf("it ended: %s", text[max(0, len(text)-400):])
		case <-time.After(100 * time.Millisecond):
		}
	}
	stop()
	text, _ := os.ReadFile(logs.Name())
	return nil, fmt.Errorf("it does not answer: %s", text[max(0, len(text)-400):])
}

// once sends a request a single time.
func (t target) once() error {
	client := &http.Client{Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	return t.send(client, 0)
}

func startPocketBase(ctx context.Context, o options, recipes string, full bool) (*peer, error) {
	name, synchronous := "pocketbase", "NORMAL (PocketBase's own: a power cut may take the newest commits)"
	args := []string{"-rows", strconv.Itoa(rows), "-notes", filler}
	if full {
		name, synchronous, args = "pocketbase-full", "FULL", append(args, "-full")
	}
	dir := filepath.Join(o.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	binary := filepath.Join(dir, "pocketbase")
	recipe := filepath.Join(recipes, "pocketbase")
	if _, err := tool(ctx, recipe, "go", "build", "-o", binary, "."); err != nil {
		return nil, err
	}
	versions, err := tool(ctx, recipe, "go", "list", "-m", "github.com/pocketbase/pocketbase", "modernc.org/sqlite")
	if err != nil {
		return nil, err
	}
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	base := "http://" + listen + "/api/collections/tasks/records"
	p := &peer{
		against:  onSQLite,
		settings: strings.ReplaceAll(versions, "\n", ", ") + ", WAL, synchronous=" + synchronous + ", its request log on",
		requests: map[string]target{
			"get":    {method: http.MethodGet, url: base + "/row000000005000", want: []byte(`"task 5000"`)},
			"list20": {method: http.MethodGet, url: base + "?perPage=20&skipTotal=1&sort=id", want: []byte(`"task 19"`)},
			"create": {url: base, header: openHeader(), want: []byte(`"title":"task `), body: func(n int) []byte {
				return fmt.Appendf(nil, `{"title":"task %08d","done":false,"priority":"HIGH","notes":"%s"}`, n, filler)
			}},
		},
	}
	args = append(args, "-dir", filepath.Join(dir, "data"), "-listen", listen)
	if p.stop, err = background(dir, p.requests["get"].once, binary, args...); err != nil {
		return nil, err
	}
	if full { // reading does not differ
		p.requests = map[string]target{"create": p.requests["create"]}
	}
	return p, nil
}

// nodeVersion is what PostGraphile and the AWS SDK want.
const nodeVersion = "22.23.3"

// npmInstall copies a recipe and installs its packages. It answers the folder
// and a Node.js that is new enough: the installed one, or one from npm.
func npmInstall(ctx context.Context, o options, recipe string) (dir, node string, err error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return "", "", errNoTool("npm", "Debian and Ubuntu: apt-get install npm")
	}
	dir = filepath.Join(o.dir, filepath.Base(recipe))
	if err := os.CopyFS(dir, os.DirFS(recipe)); err != nil {
		return "", "", err
	}
	flags := []string{"install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"}
	if _, err := tool(ctx, dir, "npm", flags...); err != nil {
		return "", "", err
	}
	if text, err := tool(ctx, dir, "node", "-p", "process.versions.node.split('.')[0]"); err == nil {
		if major, err := strconv.Atoi(text); err == nil && major >= 22 {
			return dir, "node", nil
		}
	}
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	platform := "node-" + runtime.GOOS + "-" + arch
	_, err = tool(ctx, dir, "npm", append(flags, "--no-save", platform+"@"+nodeVersion)...)
	return dir, filepath.Join(dir, "node_modules", platform, "bin", "node"), err
}

// installed is the version of a package.
func installed(ctx context.Context, dir, node string, packages ...string) (string, error) {
	text := make([]string, len(packages))
	for i, p := range packages {
		v, err := tool(ctx, dir, node, "-p", "require('./node_modules/"+p+"/package.json').version")
		if err != nil {
			return "", err
		}
		text[i] = p + " " + v
	}
	v, err := tool(ctx, dir, node, "--version")
	return strings.Join(text, ", ") + ", Node.js " + v, err
}

const postgraphileTable = `
CREATE SCHEMA app;
CREATE TYPE app.priority AS ENUM ('LOW', 'MEDIUM', 'HIGH');
CREATE TABLE app.task (
	id text PRIMARY KEY DEFAULT gen_random_uuid()::text, title text NOT NULL, done boolean, priority app.priority, notes text, due date,
	created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`

func startPostGraphile(ctx context.Context, o options, recipes string, pg *postgresStore) (*peer, error) {
	dir, node, err := npmInstall(ctx, o, filepath.Join(recipes, "postgraphile"))
	if err != nil {
		return nil, err
	}
	at, err := pg.fresh(ctx, "postgraphile_rows")
	if err != nil {
		return nil, err
	}
	d, err := sql.Open("pgx", at.url)
	if err != nil {
		return nil, err
	}
	_, err = d.ExecContext(ctx, postgraphileTable)
	if err == nil {
		_, err = d.ExecContext(ctx, `INSERT INTO app.task (id, title, done, priority, notes, due)
			SELECT 'row-' || n, 'task ' || n, n % 2 = 0, 'LOW', $2, '2026-11-23' FROM generate_series(0, $1::int - 1) n`, rows, filler)
	}
	if err == nil {
		_, err = d.ExecContext(ctx, "ANALYZE")
	}
	if err = errors.Join(err, d.Close()); err != nil {
		return nil, err
	}
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	const task = `rowId title done priority notes due createdAt updatedAt`
	url := "http://" + listen + "/graphql"
	p := &peer{against: onPostgres, requests: map[string]target{
		"get": {url: url, header: openHeader(), want: []byte(`"task 5000"`), body: plain(string(graphqlBody(
			`query Get($id: String!) { taskByRowId(rowId: $id) { `+task+` } }`, `{"id":"row-5000"}`)))},
		"list20": {url: url, header: openHeader(), want: []byte(`"row-`), body: plain(string(graphqlBody(
			`query List($first: Int) { allTasks(first: $first) { nodes { `+task+` } pageInfo { hasNextPage endCursor } } }`, `{"first":20}`)))},
		"create": {url: url, header: openHeader(), want: []byte(`"title":"task `), body: func(n int) []byte {
			return graphqlBody(`mutation Create($input: CreateTaskInput!) { createTask(input: $input) { task { `+task+` } } }`,
				fmt.Sprintf(`{"input":{"task":{"title":"task %08d","done":false,"priority":"HIGH","notes":"%s"}}}`, n, filler))
		}},
	}}
	if p.settings, err = installed(ctx, dir, node, "postgraphile"); err != nil {
		return nil, err
	}
	p.settings += ", Amber preset, the same PostgreSQL server"
	_, port, _ := strings.Cut(listen, ":")
	p.stop, err = background(dir, p.requests["get"].once, node, "start.mjs", port, at.url, "app")
	return p, err
}

// simulatorKey is the key that the simulator gives to every API.
const simulatorKey = "da2-fakeApiId123456"

func startSimulator(ctx context.Context, o options, recipes string) (*peer, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return nil, errNoTool("java", "Debian and Ubuntu: apt-get install default-jre-headless")
	}
	dir, node, err := npmInstall(ctx, o, filepath.Join(recipes, "simulator"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "schema.graphql"), []byte(openSchema[:strings.Index(openSchema, "type Project")]), 0o600); err != nil {
		return nil, err
	}
	listen, err := freePort()
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(listen, ":")
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, err
	}
	url := "http://" + listen + "/graphql"
	p := &peer{against: onSQLite, requests: graphqlRequests(url, simulatorKey)}
	if p.settings, err = installed(ctx, dir, node, "@aws-amplify/amplify-util-mock", "@aws-amplify/amplify-appsync-simulator",
		"amplify-dynamodb-simulator", "@aws-amplify/graphql-transformer"); err != nil {
		return nil, err
	}
	java, err := tool(ctx, dir, "java", "-version")
	if err != nil {
		return nil, err
	}
	java, _, _ = strings.Cut(java, "\n")
	p.settings += ", DynamoDB Local on disk (-dbPath; what a write survives is not documented), " + java
	empty := target{url: url, header: jsonHeader(apiKey(simulatorKey)), want: []byte(`{"data":{"listTasks":{`), body: plain(`{"query":"{ listTasks { items { id } } }"}`)}
	if p.stop, err = background(dir, empty.once, node, "start.mjs", port, data, "schema.graphql"); err != nil {
		return nil, err
	}
	if err := seed(url, apiKey(simulatorKey), rows, taskRow); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}
