// Command lanes is a delivery loop by hand: franz-go, net/http, one event of a key at a time, and no promises kept.
// Offsets are committed as franz-go does by itself, whether or not what it handed out was delivered; a failed call ends it.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
)

// frameBytes is the length of Confluent's frame before the Avro datum: a zero and the schema's id.
const frameBytes = 5

// body is the request's body, in the order in which the target's mapping has its fields.
type body struct {
	UserID   string `json:"userId" avro:"userId"`
	Sequence int64  `json:"sequence" avro:"sequence"`
	Number   int64  `json:"number" avro:"number"`
	DueAt    int64  `json:"dueAt" avro:"dueAt"`
	Note     string `json:"note" avro:"note"`
}

type lane struct {
	records []*kgo.Record
}

type lanes struct {
	mutex sync.Mutex
	// room is signalled when records have left.
	room  *sync.Cond
	byKey map[string]*lane
	held  int
	// heldMax is how many fetched records wait at most; above, it fetches no more.
	heldMax int
	ready   chan *lane
}

func main() {
	brokers := flag.String("brokers", "", "")
	topic := flag.String("topic", "", "")
	group := flag.String("group", "", "")
	url := flag.String("url", "", "")
	inFlight := flag.Int("in-flight", 64, "")
	schemaFile := flag.String("schema", "", "")
	heldMax := flag.Int("held", 10_000, "")
	gogc := flag.Int("gogc", 100, "")
	flag.Parse()
	debug.SetGCPercent(*gogc)

	text, err := os.ReadFile(*schemaFile)
	check(err)
	schema, err := avro.Parse(string(text))
	check(err)
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(*brokers, ",")...),
		kgo.ConsumeTopics(*topic),
		kgo.ConsumerGroup(*group),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	check(err)
	transport := &http.Transport{MaxConnsPerHost: *inFlight, MaxIdleConnsPerHost: *inFlight}
	sender := &sender{client: &http.Client{Transport: transport}, schema: schema, url: *url}

	// Every lane may be ready at once, and a lane holds a record or more.
	work := &lanes{
		byKey:   map[string]*lane{},
		heldMax: *heldMax,
		ready:   make(chan *lane, *heldMax+1_000_000),
	}
	work.room = sync.NewCond(&work.mutex)
	for range *inFlight {
		go work.deliver(sender)
	}
	for {
		fetches := client.PollFetches(context.Background())
		fetches.EachError(func(_ string, _ int32, err error) { check(err) })
		work.add(fetches)
	}
}

func (l *lanes) add(fetches kgo.Fetches) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	fetches.EachRecord(func(record *kgo.Record) {
		key := string(record.Key)
		found, isBusy := l.byKey[key]
		if !isBusy {
			found = &lane{}
			l.byKey[key] = found
		}
		found.records = append(found.records, record)
		l.held++
		if !isBusy {
			l.ready <- found
		}
	})
	for l.held > l.heldMax {
		l.room.Wait()
	}
}

// deliver takes lanes in turn, one record of each.
func (l *lanes) deliver(sender *sender) {
	for found := range l.ready {
		l.mutex.Lock()
		record := found.records[0]
		l.mutex.Unlock()
		check(sender.send(record))
		l.mutex.Lock()
		found.records = found.records[1:]
		l.held--
		if len(found.records) > 0 {
			l.ready <- found
		} else {
			delete(l.byKey, string(record.Key))
		}
		l.room.Signal()
		l.mutex.Unlock()
	}
}

type sender struct {
	client *http.Client
	schema avro.Schema
	url    string
}

func (s *sender) send(record *kgo.Record) error {
	var content body
	if err := avro.Unmarshal(s.schema, record.Value[frameBytes:], &content); err != nil {
		return err
	}
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, s.url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	place := fmt.Sprintf("%s/%d/%d", record.Topic, record.Partition, record.Offset)
	key := sha256.Sum256([]byte(place))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", hex.EncodeToString(key[:16]))
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("answered %d", answer.StatusCode)
	}
	return nil
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
