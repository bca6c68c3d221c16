package config

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
)

// decoding makes mapstructure read the same tags that Print writes, replace a list instead of overwriting the first
// elements of its default, and take the texts that environment variables are.
func decoding(c *mapstructure.DecoderConfig) {
	c.TagName = "yaml"
	c.ZeroFields = true
	c.WeaklyTypedInput = true
	c.DecodeHook = mapstructure.ComposeDecodeHookFunc(
		literal,
		mapstructure.TextUnmarshallerHookFunc(),
		mapstructure.StringToTimeDurationHookFunc(),
		mapstructure.StringToSliceHookFunc(","),
	)
}

// Faults of a value that is written as another type's.
var (
	errTime   = errors.New(`write a time with its unit, such as "5s" or "2h"`)
	errText   = errors.New("write text; in quotes where it looks like something else")
	errBool   = errors.New("write true or false")
	errNumber = errors.New("write a number")
	errWhole  = errors.New("write a whole number")
)

// literal refuses a value that is not written as its setting's type wants it. WeaklyTypedInput, which the environment
// needs, would take the number 5 for five nanoseconds, 1.5 octets for one, true for 1, and 1 for an action's second name.
func literal(from, to reflect.Type, data any) (any, error) {
	text, isText := data.(string)
	switch {
	case to == reflect.TypeFor[time.Duration]():
		return data, unless(isTime(text) || isZero(data), errTime)
	case reflect.PointerTo(to).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return data, unless(isText, errText)
	}
	switch to.Kind() {
	case reflect.String:
		return data, unless(from.Kind() != reflect.Bool, errText)
	case reflect.Bool:
		return truth(data)
	case reflect.Float64:
		return data, unless(isNumber(data), errNumber)
	case reflect.Int, reflect.Int64:
		return data, unless(isWhole(data), errWhole)
	}
	return data, nil
}

func unless(fine bool, fault error) error {
	if fine {
		return nil
	}
	return fault
}

func isTime(text string) bool {
	_, err := time.ParseDuration(text)
	return err == nil
}

// isZero tells of a 0 without quotes: it needs no unit.
func isZero(data any) bool { return data == 0 }

// truth takes the words, too, that YAML 1.1 had for it and that lists.yaml takes.
func truth(data any) (any, error) {
	text, _ := data.(string)
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off":
		return false, nil
	}
	_, isBool := data.(bool)
	return data, unless(isBool, errBool)
}

func isNumber(data any) bool {
	switch value := data.(type) {
	case string:
		number, err := strconv.ParseFloat(value, 64)
		return err == nil && isNumber(number)
	case float64:
		return !math.IsNaN(value) && !math.IsInf(value, 0) // which YAML can write: nothing compares with them
	case bool:
		return false
	}
	return true
}

func isWhole(data any) bool {
	switch value := data.(type) {
	case string:
		_, err := strconv.ParseInt(value, 0, 64)
		return err == nil
	case float64:
		return value == math.Trunc(value) && math.Abs(value) < 1<<53 // above that a float64 is no exact number
	}
	return isNumber(data)
}
