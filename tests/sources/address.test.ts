import { describe, expect, it } from 'vitest';
import { behindPointer, beside, fileAddress, fileName, isAddress, readPointer } from '../../src/lib/sources/address.ts';

const OID = 'a'.repeat(64);
const GIST = '0123456789abcdef0123456789abcdef';

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
    [
      'https://github.com/o/r/releases/download/v1/m.onnx',
      'https://github.com/o/r/releases/download/v1/m.onnx', // its answer without permission is explained
    ],
    ['https://raw.githubusercontent.com/o/r/main/m.onnx', 'https://raw.githubusercontent.com/o/r/main/m.onnx'],
    [
      'https://media.githubusercontent.com/media/o/r/main/m.onnx?download=true',
      'https://media.githubusercontent.com/media/o/r/main/m.onnx?download=true',
    ],
    [`https://gist.github.com/o/${GIST}`, `https://gist.githubusercontent.com/o/${GIST}/raw`],
    [
      `https://gist.github.com/o/${GIST}/raw/${OID}/labels.txt`,
      `https://gist.githubusercontent.com/o/${GIST}/raw/${OID}/labels.txt`,
    ],
    ['https://gist.github.com/o', 'https://gist.github.com/o'],
    [
      'https://gitlab.com/g/sub/r/-/blob/main/a/m%20x.onnx?ref_type=heads',
      'https://gitlab.com/api/v4/projects/g%2Fsub%2Fr/repository/files/a%2Fm%20x.onnx/raw?ref=main&lfs=true',
    ],
    [
      'https://gitlab.com/g/r/-/raw/v1/m.onnx',
      'https://gitlab.com/api/v4/projects/g%2Fr/repository/files/m.onnx/raw?ref=v1&lfs=true',
    ],
    ['https://gitlab.com/g/r', 'https://gitlab.com/g/r'],
    ['https://www.dropbox.com/s/abc/m.onnx?dl=0', 'https://dl.dropboxusercontent.com/s/abc/m.onnx'],
    [
      'https://www.dropbox.com/scl/fi/abc/m.onnx?rlkey=k&st=t&dl=0',
      'https://dl.dropboxusercontent.com/scl/fi/abc/m.onnx?rlkey=k&st=t',
    ],
    ['https://www.dropbox.com/home', 'https://www.dropbox.com/home'],
    ['data:image/png;base64,AAAA', 'data:image/png;base64,AAAA'],
    ['blob:https://example.org/6a1b', 'blob:https://example.org/6a1b'],
  ])('%s stands for %s', (typed, meant) => expect(fileAddress(typed).href).toBe(meant));

  it.each(['', 'javascript:alert(1)', 'file:///etc/passwd', 'https://', 'a model of mine'])(
    '"%s" is refused',
    (typed) => expect(() => fileAddress(typed)).toThrow(/is no web address/),
  );

  it.each([
    'https://drive.google.com/file/d/abc/view?usp=sharing',
    'https://drive.google.com/uc?export=download&id=abc',
    'https://docs.google.com/uc?id=abc',
    'https://1drv.ms/u/s!abc',
  ])('%s is of a host that no other site may read, which is said with the way out', (typed) =>
    expect(() => fileAddress(typed)).toThrow(/^(Google Drive|OneDrive) does not let other sites.*drop it here\.$/),
  );

  it.each([
    ['https://a.org/m.onnx', true],
    [' http://a.org/x ', true],
    ['data:image/png;base64,AA', true],
    ['data:text/html,<p>', false],
    ['see https://a.org/m.onnx', false],
    ['https://a.org/m.onnx https://a.org/n.onnx', false],
    ['a.org', false],
    ['javascript:alert(1)', false],
  ])('"%s" pasted is one: %s', (text, is) => expect(isAddress(text)).toBe(is));

  it.each([
    ['https://a.org/b/m%20x.onnx?y=1', 'm x.onnx'],
    ['https://gitlab.com/api/v4/projects/g%2Fr/repository/files/a%2Fm.onnx/raw?ref=v1&lfs=true', 'm.onnx'],
    ['https://dl.dropboxusercontent.com/scl/fi/abc/m.onnx?rlkey=k', 'm.onnx'],
    ['data:image/png;base64,AAAA', 'pasted.png'],
    ['data:,x', 'pasted.file'],
    ['blob:https://example.org/6a1b', 'pasted'],
    ['https://a.org/b/', 'b'],
    ['https://a.org/', 'a.org'],
    ['https://a.org/%E0%A4%A', '%E0%A4%A'],
  ])('of %s names %s', (url, name) => expect(fileName(new URL(url))).toBe(name));
});

describe('a file beside another', () => {
  it.each([
    [
      'https://huggingface.co/o/r/resolve/main/onnx/m.onnx',
      'm.onnx_data',
      'https://huggingface.co/o/r/resolve/main/onnx/m.onnx_data',
    ],
    ['https://a.org/b/m.onnx?sig=1', './w/x y.bin', 'https://a.org/b/w/x%20y.bin?sig=1'],
    ['https://a.org/m.onnx', 'w\\x#1.bin', 'https://a.org/w/x%231.bin'],
    [
      'https://gitlab.com/api/v4/projects/g%2Fr/repository/files/a%2Fm.onnx/raw?ref=v1&lfs=true',
      'm.data',
      'https://gitlab.com/api/v4/projects/g%2Fr/repository/files/a%2Fm.data/raw?ref=v1&lfs=true',
    ],
  ])('of %s called %s lies at %s', (url, path, expected) => expect(beside(url, path)).toBe(expected));

  it.each(['https://dl.dropboxusercontent.com/s/a/m.onnx', 'data:,x', 'blob:https://a.org/1'])(
    'of %s cannot be guessed, which is said with the way out',
    (url) => expect(() => beside(url, 'w.bin')).toThrow(/cannot be guessed.*drop them here together/),
  );
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
