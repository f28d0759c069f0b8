// Command load posts events to a gateway, as fast as it answers, and prints what came of it as one line of JSON.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	runtime.GOMAXPROCS(1)
	url := flag.String("url", "", "where to post")
	connections := flag.Int("connections", 64, "requests in flight")
	batch := flag.Int("batch", 1, "events of a request")
	seconds := flag.Float64("seconds", 5, "how long to post")
	keys := flag.Int("keys", 10_000, "users")
	flag.Parse()

	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: *connections, MaxIdleConnsPerHost: *connections}}
	end := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	var next, accepted, refused atomic.Int64
	startedAt := time.Now()
	var group sync.WaitGroup
	for range *connections {
		group.Go(func() {
			for time.Now().Before(end) {
				from := next.Add(int64(*batch)) - int64(*batch)
				status, err := post(client, *url, body(from, *batch, *keys))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				if status == http.StatusAccepted {
					accepted.Add(int64(*batch))
				} else {
					refused.Add(int64(*batch))
				}
			}
		})
	}
	group.Wait()
	report := map[string]any{
		"accepted": accepted.Load(), "refused": refused.Load(), "seconds": time.Since(startedAt).Seconds(),
	}
	_ = json.NewEncoder(os.Stdout).Encode(report)
}

func post(client *http.Client, url string, content []byte) (int, error) {
	answer, err := client.Post(url, "application/json", bytes.NewReader(content))
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

var note = strings.Repeat("The quick brown fox jumps over the lazy dog. ", 12)[:510]

// body is one event, or an array of some.
func body(from int64, count, keys int) []byte {
	var text bytes.Buffer
	if count > 1 {
		text.WriteByte('[')
	}
	for index := range count {
		if index > 0 {
			text.WriteByte(',')
		}
		number := from + int64(index)
		fmt.Fprintf(&text, `{"type":"bench.Measured","source":"urn:millrace:bench","data":{"userId":"user-%d","sequence":%d,"number":%d,"dueAt":0,"note":"%s"}}`,
			number%int64(keys), number/int64(keys), number, note)
	}
	if count > 1 {
		text.WriteByte(']')
	}
	return text.Bytes()
}
