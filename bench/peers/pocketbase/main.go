// Command pocketbase serves one open collection of PocketBase, filled with rows,
// for the comparison of bench.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
)

func main() {
	dir := flag.String("dir", "", "data directory")
	listen := flag.String("listen", "", "address")
	full := flag.Bool("full", false, "synchronous=FULL instead of PocketBase's NORMAL")
	rows := flag.Int("rows", 0, "rows to begin with")
	notes := flag.String("notes", "", "the text of each row")
	flag.Parse()
	if err := serve(*dir, *listen, *full, *rows, *notes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(dir, listen string, full bool, rows int, notes string) error {
	config := pocketbase.Config{HideStartBanner: true, DefaultDataDir: dir}
	if full {
		config.DBConnect = connectFull
	}
	app := pocketbase.NewWithConfig(config)
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	if err := fill(app, rows, notes); err != nil {
		return err
	}
	return apis.Serve(app, apis.ServeConfig{HttpAddr: listen})
}

// connectFull is core.DefaultDBConnect, but for synchronous.
func connectFull(path string) (*dbx.DB, error) {
	return dbx.Open("sqlite", path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=journal_size_limit(200000000)"+
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)")
}

func fill(app core.App, rows int, notes string) error {
	c := core.NewBaseCollection("tasks")
	open := ""
	c.ListRule, c.ViewRule, c.CreateRule = &open, &open, &open
	c.Fields.Add(
		&core.TextField{Name: "title", Required: true},
		&core.BoolField{Name: "done"},
		&core.SelectField{Name: "priority", Values: []string{"LOW", "MEDIUM", "HIGH"}, MaxSelect: 1},
		&core.TextField{Name: "notes"},
		&core.DateField{Name: "due"},
		&core.AutodateField{Name: "createdAt", OnCreate: true},
		&core.AutodateField{Name: "updatedAt", OnCreate: true, OnUpdate: true},
	)
	if err := app.Save(c); err != nil {
		return err
	}
	return app.RunInTransaction(func(tx core.App) error {
		for n := range rows {
			r := core.NewRecord(c)
			r.Load(map[string]any{
				"id": fmt.Sprintf("row%012d", n), "title": fmt.Sprintf("task %d", n), "done": n%2 == 0,
				"priority": "LOW", "notes": notes, "due": "2026-11-23",
			})
			if err := tx.Save(r); err != nil {
				return err
			}
		}
		return nil
	})
}
