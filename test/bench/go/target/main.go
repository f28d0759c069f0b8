// Command target is the API that every subject of the benchmark calls: it answers 204 after a set time, checks that the
// events of each key arrive in order, and counts repeats. Its costs are low and the same for all.
//
// It prints `{"url":...,"control":...}` once it listens. On the control address:
//
//	POST /run     a JSON Script; forgets what arrived before
//	GET  /report  a JSON Report of what has arrived since
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"
)

// Script says what a run's target does.
type Script struct {
	// LatencyMs is the time from a request to its answer.
	LatencyMs float64 `json:"latencyMs"`
	// Events is how many there are; their numbers run from 0.
	Events int `json:"events"`
	// Users is how many keys there are; their numbers run from 0.
	Users int `json:"users"`
	// Slow is a user whose calls take their own time; null for none.
	Slow *Slow `json:"slow"`
	// Rejected is a user whose calls are all answered 422; null for none.
	Rejected *int `json:"rejected"`
}

// Slow is a user and how long its calls take.
type Slow struct {
	User      int     `json:"user"`
	LatencyMs float64 `json:"latencyMs"`
}

// Report says what arrived.
type Report struct {
	// Count of events that arrived at least once.
	Count int `json:"count"`
	// Repeats is how many arrivals were of an event that had arrived before.
	Repeats int `json:"repeats"`
	// Disordered is how many events arrived first when the one before them of their key had not, or after a later one.
	Disordered int `json:"disordered"`
	// Refused is how many requests were answered 422; they count as nothing else.
	Refused int `json:"refused"`
	// Malformed is how many requests named no event of the run.
	Malformed int `json:"malformed"`
	// InFlightMax is how many requests were open at once.
	InFlightMax int `json:"inFlightMax"`
	// FirstAt and LastAt are the times of the first and the last first arrival, epoch ms; 0 for none.
	FirstAt float64 `json:"firstAt"`
	LastAt  float64 `json:"lastAt"`
	// LatenciesMs has for each percentile the time from when an event was to be sent until it arrived; null without times.
	LatenciesMs *Percentiles `json:"latenciesMs"`
}

type state struct {
	mutex    sync.Mutex
	script   Script
	latency  time.Duration
	seen     []bool
	next     []int32
	report   Report
	inFlight int
	delays   delays
}

func (s *state) reset(script Script) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.script = script
	s.latency = milliseconds(script.LatencyMs)
	s.seen = make([]bool, script.Events)
	s.next = make([]int32, script.Users)
	s.report = Report{}
	s.inFlight = 0
	s.delays = delays{}
}

// answer is what becomes of a request.
type answer struct {
	status int
	after  time.Duration
}

func milliseconds(value float64) time.Duration {
	return time.Duration(value * float64(time.Millisecond))
}

// arrive notes a request.
func (s *state) arrive(body []byte, at time.Time) answer {
	event, ok := readEvent(body)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.inFlight++
	s.report.InFlightMax = max(s.report.InFlightMax, s.inFlight)
	taken := answer{http.StatusNoContent, s.latency}
	if ok && s.script.Rejected != nil && event.user == *s.script.Rejected {
		s.report.Refused++
		return answer{http.StatusUnprocessableEntity, s.latency}
	}
	if ok && s.script.Slow != nil && event.user == s.script.Slow.User {
		taken.after = milliseconds(s.script.Slow.LatencyMs)
	}
	if !ok || event.number >= len(s.seen) || event.user >= len(s.next) {
		s.report.Malformed++
		return taken
	}
	if s.seen[event.number] {
		s.report.Repeats++
		return taken
	}
	s.seen[event.number] = true
	s.report.Count++
	atMs := float64(at.UnixMicro()) / 1_000
	if s.report.FirstAt == 0 {
		s.report.FirstAt = atMs
	}
	s.report.LastAt = atMs
	if int(s.next[event.user]) != event.sequence {
		s.report.Disordered++
	}
	s.next[event.user] = max(s.next[event.user], int32(event.sequence)+1)
	if event.dueAtMs > 0 {
		s.delays.add(atMs - event.dueAtMs)
	}
	return taken
}

func (s *state) leave() {
	s.mutex.Lock()
	s.inFlight--
	s.mutex.Unlock()
}

func (s *state) read() Report {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	report := s.report
	report.LatenciesMs = s.delays.percentiles()
	return report
}

func (s *state) serve(writer http.ResponseWriter, request *http.Request) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	body := (*buffer)[:0]
	if request.ContentLength >= 0 && request.ContentLength <= int64(cap(body)) {
		body = body[:request.ContentLength]
		if _, err := io.ReadFull(request.Body, body); err != nil {
			return
		}
	} else {
		whole, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		body = whole
	}
	given := s.arrive(body, time.Now())
	if given.after > 0 {
		time.Sleep(given.after)
	}
	writer.WriteHeader(given.status)
	s.leave()
}

func (s *state) control(writer http.ResponseWriter, request *http.Request) {
	switch request.Method + " " + request.URL.Path {
	case "POST /run":
		var script Script
		if err := json.NewDecoder(request.Body).Decode(&script); err != nil {
			http.Error(writer, err.Error(), http.StatusBadRequest)
			return
		}
		s.reset(script)
		writer.WriteHeader(http.StatusNoContent)
	case "GET /report":
		writer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(writer).Encode(s.read())
	default:
		http.NotFound(writer, request)
	}
}

var buffers = sync.Pool{New: func() any {
	buffer := make([]byte, 4096)
	return &buffer
}}

func main() {
	runtime.GOMAXPROCS(1)
	target := &state{}
	api, control := listen(), listen()
	go func() { fail(http.Serve(control, http.HandlerFunc(target.control))) }()
	fmt.Printf("{\"url\":\"http://%s\",\"control\":\"http://%s\"}\n", api.Addr(), control.Addr())
	// Whoever started it is gone when its input ends.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fail(http.Serve(api, http.HandlerFunc(target.serve)))
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	return listener
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
