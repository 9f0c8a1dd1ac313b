package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

const scenario = `
scenario: go
accounts: {alice: {cash: 1000}}
markets: {RAIN-26: {event: RAIN, series: RAIN, price: 0.40}}
history: [{fill: {account: alice, market: RAIN-26, side: yes, action: buy, count: 10, price: 0.40}}]
`

// control is the running server's control API.
type control struct {
	URL   string `json:"control_url"`
	Token string `json:"control_token"`
}

type sandbox struct {
	ID       string `json:"id"`
	BaseURL  string `json:"base_url"`
	Accounts []struct {
		KeyID      string `json:"key_id"`
		PrivateKey string `json:"private_key_pem"`
	} `json:"accounts"`
}

func (c control) ask(t *testing.T, method, path string, body, into any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, c.URL+"/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	told, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= http.StatusBadRequest {
		t.Fatal(err, answer.Status, string(told))
	}
	if into != nil {
		if err := json.Unmarshal(told, into); err != nil {
			t.Fatal(err)
		}
	}
}

// do has things happen at the exchange. A step that it refuses is told with status 200, and fails the test here.
func (c control) do(t *testing.T, made sandbox, steps ...any) {
	t.Helper()
	if refused := c.try(t, made, steps...); len(refused) > 0 {
		t.Fatal(refused)
	}
}

// try returns why steps were refused.
func (c control) try(t *testing.T, made sandbox, steps ...any) (refused []string) {
	t.Helper()
	var outcomes []struct {
		Refusal *struct{ Code, Message string } `json:"refusal"`
	}
	c.ask(t, http.MethodPost, "sandboxes/"+made.ID+"/commands", steps, &outcomes)
	for _, each := range outcomes {
		if each.Refusal != nil {
			refused = append(refused, each.Refusal.Code+": "+each.Refusal.Message)
		}
	}
	return refused
}

// running is the server of `mockexchange run` or of a service container, or that of a ready file.
func running(t *testing.T) (server control) {
	t.Helper()
	if origin := os.Getenv("MOCKEXCHANGE_URL"); origin != "" {
		origin = strings.TrimSuffix(strings.TrimRight(origin, "/"), "/_mock")
		return control{URL: origin + "/_mock", Token: os.Getenv("MOCKEXCHANGE_TOKEN")}
	}
	path := os.Getenv("MOCKEXCHANGE_READY_FILE")
	if path == "" {
		t.Fatal("no server: mockexchange run -- go test ./..., or set MOCKEXCHANGE_READY_FILE to the ready file of one that runs")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &server); err != nil {
		t.Fatal(err)
	}
	return server
}

// fresh makes a sandbox that goes with the test.
func fresh(t *testing.T) (control, sandbox, *Client) {
	t.Helper()
	server := running(t)
	var made sandbox
	server.ask(t, http.MethodPost, "sandboxes", map[string]any{"scenario": scenario, "api_date": "latest"}, &made)
	t.Cleanup(func() { server.ask(t, http.MethodDelete, "sandboxes/"+made.ID, nil, nil) })
	key, err := ParseKey([]byte(made.Accounts[0].PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	client := &Client{BaseURL: made.BaseURL, KeyID: made.Accounts[0].KeyID, Key: key, HTTP: &http.Client{Timeout: 10 * time.Second}}
	return server, made, client
}

func TestPositions(t *testing.T) {
	_, _, client := fresh(t)
	positions, err := client.Positions()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(positions), "[{RAIN-26 10.00 4.000000}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatHappensIsSeen(t *testing.T) {
	server, made, client := fresh(t)
	fill := map[string]any{"account": "alice", "market": "RAIN-26", "side": "yes", "action": "buy", "count": 5, "price": "0.50"}
	server.do(t, made, map[string]any{"fill": fill})
	positions, err := client.Positions()
	if err != nil || len(positions) != 1 || positions[0].Position != "15.00" {
		t.Errorf("got %v, %v", positions, err)
	}
}

func TestAStepThatCannotBeIsToldSo(t *testing.T) {
	server, made, _ := fresh(t)
	refused := server.try(t, made, map[string]any{"settle": map[string]any{"market": "NOPE", "result": "yes"}})
	if len(refused) != 1 || !strings.HasPrefix(refused[0], "unknown_market: ") {
		t.Errorf("got %v", refused)
	}
}

func TestARefusalSaysWhy(t *testing.T) {
	_, _, client := fresh(t)
	client.KeyID = "somebody-else"
	_, err := client.Positions()
	if err == nil || !strings.Contains(err.Error(), "401") || !strings.Contains(err.Error(), "no key has the id") {
		t.Errorf("got %v", err)
	}
}

func TestAnOutageIsAnError(t *testing.T) {
	server, made, client := fresh(t)
	fault := []any{map[string]any{"then": map[string]any{"status": 503}}}
	server.ask(t, http.MethodPost, "sandboxes/"+made.ID+"/faults", fault, nil)
	if _, err := client.Positions(); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v", err)
	}
}
