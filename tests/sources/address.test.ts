import { describe, expect, it } from 'vitest';
import { behindPointer, fileAddress, fileName, readPointer } from '../../src/lib/sources/address.ts';

const OID = 'a'.repeat(64);

describe('an address', () => {
  it.each([
    ['https://github.com/o/r/blob/main/a/m.onnx', 'https://raw.githubusercontent.com/o/r/main/a/m.onnx'],
    [
      'https://github.com/o/r/raw/refs/heads/main/m.onnx',
      'https://raw.githubusercontent.com/o/r/refs/heads/main/m.onnx',
    ],
    ['https://github.com/o/r/blob/main/m.onnx?raw=true', 'https://raw.githubusercontent.com/o/r/main/m.onnx'],
    ['github.com/o/r/blob/v1/m%20x.onnx', 'https://raw.githubusercontent.com/o/r/v1/m%20x.onnx'],
    ['https://huggingface.co/o/r/blob/main/m.onnx', 'https://huggingface.co/o/r/resolve/main/m.onnx'],
    ['https://huggingface.co/o/r/raw/main/m.onnx', 'https://huggingface.co/o/r/resolve/main/m.onnx'],
    ['https://huggingface.co/o/r/resolve/main/m.onnx?download=true', 'https://huggingface.co/o/r/resolve/main/m.onnx'],
    ['https://hf.co/datasets/o/r/blob/main/x.png', 'https://huggingface.co/datasets/o/r/resolve/main/x.png'],
    ['https://huggingface.co/o/blob/resolve/main/raw/m.onnx', 'https://huggingface.co/o/blob/resolve/main/raw/m.onnx'],
    ['https://example.org/blob/main/m.onnx?key=1', 'https://example.org/blob/main/m.onnx?key=1'],
    ['localhost:8080/m.onnx', 'https://localhost:8080/m.onnx'],
    ['  http://localhost:8080/m.onnx ', 'http://localhost:8080/m.onnx'],
    ['https://github.com/o/r', 'https://github.com/o/r'],
  ])('%s stands for %s', (typed, meant) => expect(fileAddress(typed).href).toBe(meant));

  it.each(['', 'javascript:alert(1)', 'file:///etc/passwd', 'data:text/plain,x', 'https://', 'a model of mine'])(
    '"%s" is refused',
    (typed) => expect(() => fileAddress(typed)).toThrow(/is no web address/),
  );

  it.each([
    ['https://a.org/b/m%20x.onnx?y=1', 'm x.onnx'],
    ['https://a.org/b/', 'b'],
    ['https://a.org/', 'a.org'],
    ['https://a.org/%E0%A4%A', '%E0%A4%A'],
  ])('of %s names %s', (url, name) => expect(fileName(new URL(url))).toBe(name));
});

describe('a Git LFS pointer', () => {
  const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${OID}\nsize 4956208\n`;

  it('gives digest and size', () => expect(readPointer(text)).toEqual({ sha256: OID, bytes: 4956208 }));

  it.each([
    ['a longer text', text + ' '.repeat(40)],
    ['a text that begins otherwise', ` ${text}`],
    ['one without a digest', text.replace('sha256', 'md5')],
  ])('is not %s', (_, other) => expect(readPointer(other)).toBeNull());

  it('leads to media.githubusercontent.com', () =>
    expect(behindPointer(new URL('https://raw.githubusercontent.com/o/r/main/m.onnx'))?.href).toBe(
      'https://media.githubusercontent.com/media/o/r/main/m.onnx',
    ));

  it('leads nowhere on other hosts', () => expect(behindPointer(new URL('https://example.org/m.onnx'))).toBeNull());
});
