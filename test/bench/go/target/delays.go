package main

// Percentiles of delays, ms.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

const (
	bucketMs = 0.05
	// bucketCount covers a minute; what took longer counts as that.
	bucketCount = 60_000 / bucketMs
)

// delays counts delays in buckets of equal width.
type delays struct {
	buckets []uint32
	count   int
	max     float64
}

func (d *delays) add(ms float64) {
	if d.buckets == nil {
		d.buckets = make([]uint32, bucketCount)
	}
	d.buckets[max(0, min(int(ms/bucketMs), bucketCount-1))]++
	d.count++
	d.max = max(d.max, ms)
}

func (d *delays) percentiles() *Percentiles {
	if d.count == 0 {
		return nil
	}
	return &Percentiles{P50: d.at(0.5), P90: d.at(0.9), P99: d.at(0.99), Max: d.max}
}

func (d *delays) at(share float64) float64 {
	rank := int(share * float64(d.count-1))
	for bucket, count := range d.buckets {
		rank -= int(count)
		if rank < 0 {
			return (float64(bucket) + 0.5) * bucketMs
		}
	}
	return d.max
}
