package eval

import (
	"bytes"
	"encoding/binary"
)

// A size is an image's, in pixels; none is 0 by 0.
type size struct{ height, width uint32 }

func (s size) area() float64 { return float64(s.height) * float64(s.width) }

// imageSize reads the size out of an image of a kind: gif, png or jpeg. It believes its markers where SpamAssassin does,
// whatever else the data holds.
func imageSize(kind string, data []byte) size {
	var s size
	switch kind {
	case "gif":
		s = gifSize(data)
	case "png":
		s = pngSize(data)
	case "jpeg":
		s = jpegSize(data)
	}
	if s.height == 0 || s.width == 0 {
		return size{}
	}
	return s
}

// gifSize reads the logical screen descriptor (GIF89a, 18).
func gifSize(data []byte) size {
	if len(data) < 10 || !bytes.HasPrefix(data, []byte("GIF87a")) && !bytes.HasPrefix(data, []byte("GIF89a")) {
		return size{}
	}
	return size{width: uint32(binary.LittleEndian.Uint16(data[6:])), height: uint32(binary.LittleEndian.Uint16(data[8:]))}
}

// pngSize looks for the IHDR chunk (PNG, 11.2.2), which honest images begin with, at every eighth octet.
func pngSize(data []byte) size {
	if !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return size{}
	}
	for data = data[8:]; len(data) >= 8; data = data[8:] {
		switch kind := data[4:8]; {
		case string(kind) == "IEND":
			return size{}
		case string(kind) == "IHDR" && binary.BigEndian.Uint32(data) == 13:
			if len(data) < 8+12 {
				return size{}
			}
			return size{width: binary.BigEndian.Uint32(data[8:]), height: binary.BigEndian.Uint32(data[12:])}
		}
	}
	return size{}
}

// jpegSize goes through the segments to the frame header (ITU T.81, B.2.2).
func jpegSize(data []byte) size {
	if !bytes.HasPrefix(data, []byte("\xff\xd8")) {
		return size{}
	}
	for data = data[2:]; len(data) >= 4; {
		marker, length := data[1], int(binary.BigEndian.Uint16(data[2:]))
		if data[0] != 0xff || marker == 0xda || marker == 0xd9 || length < 2 {
			return size{}
		}
		data = data[4:]
		if isFrame(marker) {
			if len(data) < 5 || length-2 < 5 {
				return size{}
			}
			return size{height: uint32(binary.BigEndian.Uint16(data[1:])), width: uint32(binary.BigEndian.Uint16(data[3:]))}
		}
		data = data[min(length-2, len(data)):]
	}
	return size{}
}

func isFrame(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
}
