package main

import "bytes"

// event is what a body says of itself: `{"userId":"user-7","sequence":3,"number":42,"dueAt":1764000000000000,...}`; dueAt in epoch us.
type event struct {
	user, sequence, number int
	// dueAtMs is when it was to be sent, epoch ms; 0 where that does not matter.
	dueAtMs float64
}

var (
	userField     = []byte(`"userId":"user-`)
	sequenceField = []byte(`"sequence":`)
	numberField   = []byte(`"number":`)
	dueField      = []byte(`"dueAt":`)
)

// readEvent reads the fields that a run is judged by; a parser of all JSON would cost more than the rest.
func readEvent(body []byte) (event, bool) {
	user, hasUser := integerAfter(body, userField)
	sequence, hasSequence := integerAfter(body, sequenceField)
	number, hasNumber := integerAfter(body, numberField)
	due, _ := integerAfter(body, dueField)
	return event{user, sequence, number, float64(due) / 1_000}, hasUser && hasSequence && hasNumber
}

func integerAfter(body, field []byte) (int, bool) {
	at := bytes.Index(body, field)
	if at < 0 {
		return 0, false
	}
	value, length := 0, 0
	for _, digit := range body[at+len(field):] {
		if digit < '0' || digit > '9' {
			break
		}
		value = value*10 + int(digit-'0')
		length++
	}
	return value, length > 0
}
