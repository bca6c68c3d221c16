package eval

import (
	"encoding/binary"
	"strings"
	"testing"
)

func gif(height, width uint16) []byte {
	data := binary.LittleEndian.AppendUint16([]byte("GIF89a"), width)
	return append(binary.LittleEndian.AppendUint16(data, height), 0xf7, 0, 0)
}

func png(height, width uint32) []byte {
	data := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), width)
	return append(binary.BigEndian.AppendUint32(data, height), 8, 2, 0, 0, 0, 1, 2, 3, 4)
}

func jpeg(height, width uint16) []byte {
	data := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xc2\x00\x11\x08")
	return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(data, height), width), 3, 1, 0x22, 0)
}

func TestImageSize(t *testing.T) {
	tests := []struct {
		name, kind string
		data       []byte
		want       size
	}{
		{"gif", "gif", gif(20, 300), size{20, 300}},
		{"gif without height", "gif", gif(0, 300), size{}},
		{"gif 87", "gif", []byte("GIF87a\x02\x00\x01\x00"), size{1, 2}},
		{"no gif", "gif", []byte("GIF88a\x02\x00\x01\x00"), size{}},
		{"cut gif", "gif", []byte("GIF87a\x02\x00\x01"), size{}},
		{"png", "png", png(70_000, 3), size{70_000, 3}},
		{"png with a chunk before", "png", []byte(strings.Replace(string(png(7, 3)), "\x00\x00\x00\x0dIHDR", "\x00\x00\x00\x05abcd12345crc!\x00\x00\x00\x0dIHDR", 1)), size{}},
		{"png with words of eight before", "png", []byte(strings.Replace(string(png(7, 3)), "\x00\x00\x00\x0dIHDR", "0123456701234567\x00\x00\x00\x0dIHDR", 1)), size{7, 3}},
		{"png that ends", "png", []byte(strings.Replace(string(png(7, 3)), "\x00\x00\x00\x0dIHDR", "\x00\x00\x00\x00IEND\x00\x00\x00\x0dIHDR", 1)), size{}},
		{"cut png", "png", png(7, 3)[:26], size{}},
		{"jpeg", "jpeg", jpeg(30, 40), size{30, 40}},
		{"cut jpeg", "jpeg", jpeg(30, 40)[:28], size{}},
		{"jpeg that scans at once", "jpeg", append([]byte("\xff\xd8\xff\xda\x00\x02"), jpeg(30, 40)[2:]...), size{}},
		{"png called jpeg", "jpeg", png(7, 3), size{}},
	}
	for _, tt := range tests {
		if got := imageSize(tt.kind, tt.data); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestImages(t *testing.T) {
	runCalls(t, []callTest{
		{
			name: "several",
			text: mail("multipart/mixed", "Content-Type: text/plain\n\n"+strings.Repeat("0123456789", 10),
				attached("image/gif", "image001.gif", gif(100, 200)), attached("image/jpg", "b.jpg", jpeg(10, 20)),
				attached("image/png", "c.png", png(0, 20)), attached("image/tiff", "d.tif", gif(1, 1))),
			hits: []string{
				"image_count gif 1 1", "image_count jpeg 1 1", "image_count png 1", "image_count all 3 3", "pixel_coverage all 20200 20200", "pixel_coverage png 0 0",
				"image_size_exact gif 100 200", "image_size_exact all 10 20", "image_size_range all 90 190", "image_size_range jpeg 1 1 10 20",
				"image_named image001.gif", "image_name_regex ^image\\d+", "image_to_text_ratio gif 0.005 0.006", "image_to_text_ratio jpeg 0.5 1",
			},
			misses: []string{
				"image_count gif 2", "image_count all 4", "pixel_coverage gif 20001", "image_size_exact gif 200 100", "image_size_exact jpeg 100 200",
				"image_size_range all 101 1", "image_size_range all 1 1 9 300", "image_size_range gif 1 1 100 199", "image_named c.png", "image_name_regex tif$",
				"image_to_text_ratio gif 0 0.005", "image_to_text_ratio png 0 100",
			},
		},
		{
			name:   "not in base64",
			text:   mail("multipart/mixed", "Content-Type: image/gif; name=a.gif\nContent-Transfer-Encoding: binary\n\n"+string(gif(100, 200))),
			hits:   []string{"image_count all 0 0"},
			misses: []string{"pixel_coverage all 1", "image_named a.gif"},
		},
	})
	badCalls(t, "image_count", "image_count gif", "image_count jpg 1", "pixel_coverage all", "image_to_text_ratio all 1", "image_size_exact all 1", "image_size_range gif 1", "image_named", "image_name_regex", "image_name_regex (")
}

func FuzzImageSize(f *testing.F) {
	f.Add("gif", gif(100, 200))
	f.Add("png", png(100, 200))
	f.Add("jpeg", jpeg(100, 200))
	f.Add("jpeg", []byte("\xff\xd8\xff\xe0\x00\x02\xff\xe0\xff\xff"))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if s := imageSize(kind, data); (s.height == 0) != (s.width == 0) {
			t.Errorf("half a size: %v", s)
		}
	})
}
