package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

// Client signs what it asks. Amounts stay text: they are exact, and a float is not.
type Client struct {
	BaseURL string
	KeyID   string
	Key     *rsa.PrivateKey
	HTTP    *http.Client
}

// Position is a row of GET /portfolio/positions.
type Position struct {
	Ticker   string `json:"ticker"`
	Position string `json:"position_fp"`
	Exposure string `json:"market_exposure_dollars"`
}

// FromEnvironment makes a client of the variables that `mockexchange env` sets.
func FromEnvironment() (*Client, error) {
	baseURL, keyID, path := os.Getenv("KALSHI_API_BASE_URL"), os.Getenv("KALSHI_API_KEY_ID"), os.Getenv("KALSHI_PRIVATE_KEY_PATH")
	if baseURL == "" || keyID == "" || path == "" {
		return nil, fmt.Errorf("KALSHI_API_BASE_URL, KALSHI_API_KEY_ID and KALSHI_PRIVATE_KEY_PATH are not all set")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Client{BaseURL: baseURL, KeyID: keyID, Key: key, HTTP: &http.Client{Timeout: 10 * time.Second}}, nil
}

// ParseKey reads an RSA key in PEM, of PKCS #8.
func ParseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no PEM block")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA {
		return nil, fmt.Errorf("expected an RSA key, got %T", parsed)
	}
	return key, nil
}

// sign signs milliseconds, method and path: as on the wire, without the query.
func (c *Client) sign(request *http.Request, now time.Time) error {
	timestamp := strconv.FormatInt(now.UnixMilli(), 10)
	digest := sha256.Sum256([]byte(timestamp + request.Method + request.URL.EscapedPath()))
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	signature, err := rsa.SignPSS(rand.Reader, c.Key, crypto.SHA256, digest[:], options)
	if err != nil {
		return err
	}
	request.Header.Set("KALSHI-ACCESS-KEY", c.KeyID)
	request.Header.Set("KALSHI-ACCESS-TIMESTAMP", timestamp)
	request.Header.Set("KALSHI-ACCESS-SIGNATURE", base64.StdEncoding.EncodeToString(signature))
	return nil
}

func (c *Client) get(path string, query url.Values, into any) error {
	request, err := http.NewRequest(http.MethodGet, c.BaseURL+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	if err := c.sign(request, time.Now()); err != nil {
		return err
	}
	answer, err := c.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		// a mock says why in a header; the venue does not
		return fmt.Errorf("%s: %s %s", answer.Status, body, answer.Header.Get("X-Mock-Diagnosis"))
	}
	return json.Unmarshal(body, into)
}

// Positions walks all pages; what was read before an error is returned with it.
func (c *Client) Positions() ([]Position, error) {
	var all []Position
	query := url.Values{"limit": {"100"}}
	for {
		var page struct {
			Cursor    string     `json:"cursor"`
			Positions []Position `json:"market_positions"`
		}
		if err := c.get("/portfolio/positions", query, &page); err != nil {
			return all, err
		}
		all = append(all, page.Positions...)
		if page.Cursor == "" {
			return all, nil
		}
		query.Set("cursor", page.Cursor)
	}
}
