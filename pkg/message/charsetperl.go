package message

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// lowControls is an encoding whose octets from 80 to 9f are control characters, as in ISO 8859, rather than letters or
// nothing.
type lowControls struct{ encoding.Encoding }

func (e lowControls) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: controlDecoder{e.Encoding.NewDecoder()}}
}

type controlDecoder struct{ *encoding.Decoder }

func (d controlDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if c := src[nSrc]; 0x80 <= c && c < 0xa0 {
			if len(dst)-nDst < 2 {
				return nDst, nSrc, transform.ErrShortDst
			}
			dst[nDst], dst[nDst+1] = 0xc2, c
			nDst, nSrc = nDst+2, nSrc+1
			continue
		}
		end := nSrc
		for end < len(src) && (src[end] < 0x80 || src[end] >= 0xa0) {
			end++
		}
		out, in, err := d.Decoder.Transform(dst[nDst:], src[nSrc:end], true)
		nDst, nSrc = nDst+out, nSrc+in
		if err != nil {
			return nDst, nSrc, err
		}
	}
	return nDst, nSrc, nil
}

// strictEUC is an encoding of which only what is in EUC form is valid: two octets from a1 on, or ASCII.
type strictEUC struct{ encoding.Encoding }

func (e strictEUC) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: eucDecoder{e.Encoding.NewDecoder()}}
}

type eucDecoder struct{ *encoding.Decoder }

func (d eucDecoder) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		c := src[nSrc]
		size := 1
		if c >= 0xa1 && nSrc+1 < len(src) && src[nSrc+1] >= 0xa1 {
			size = 2
		} else if c >= 0xa1 && nSrc+1 == len(src) && !atEOF {
			return nDst, nSrc, transform.ErrShortSrc
		}
		if len(dst)-nDst < 4 {
			return nDst, nSrc, transform.ErrShortDst
		}
		if c >= 0x80 && size == 1 {
			nDst += copy(dst[nDst:], "\uFFFD")
			nSrc++
			continue
		}
		out, in, err := d.Decoder.Transform(dst[nDst:], src[nSrc:nSrc+size], true)
		nDst, nSrc = nDst+out, nSrc+in
		if err != nil {
			return nDst, nSrc, err
		}
	}
	return nDst, nSrc, nil
}
