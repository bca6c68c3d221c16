package app

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLog returns a logger that writes lines to w: for people (console), or JSON objects for a collector. No line is
// sampled away: the log is where "why was this refused?" is answered.
func NewLog(c LogConfig, w io.Writer) *zap.Logger {
	settings := zap.NewProductionEncoderConfig()
	settings.TimeKey, settings.EncodeTime = "time", zapcore.RFC3339TimeEncoder
	encoder := zapcore.NewConsoleEncoder(settings)
	if c.Format == "json" {
		encoder = zapcore.NewJSONEncoder(settings)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), c.Level))
}
