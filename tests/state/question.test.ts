import { describe, expect, it } from 'vitest';
import { Question } from '../../src/lib/state/question.svelte.ts';
import { method, methods, modelInfo } from './fake-lab.ts';

const asked = () => {
  const question = new Question();
  question.adaptTo(modelInfo('a.onnx'));
  return question;
};

describe('a question', () => {
  it('begins with Integrated Gradients of the first guess, at the default layer', () => {
    const question = asked();
    expect(question.method).toBe('integrated-gradients');
    expect(question.layer).toBe('conv2');
    expect(question.target([2, 0, 1])).toEqual({ kind: 'logit', index: 2 });
  });

  it('keeps method and layer with a model that knows them, and forgets the class', () => {
    const question = asked();
    question.method = 'grad-cam';
    question.layer = 'conv1';
    question.chosen = 3;
    question.adaptTo(modelInfo('b.onnx'));
    expect([question.method, question.layer, question.chosen]).toEqual(['grad-cam', 'conv1', null]);
  });

  it('leaves a method that the next model cannot do', () => {
    const question = asked();
    question.method = 'grad-cam';
    question.adaptTo(
      modelInfo('b.onnx', { methods: [method('grad-cam', { unavailable: 'no layer has positions' }), methods[0]] }),
    );
    expect(question.method).toBe('saliency');
  });

  it('compares with the best of the others until a second class is chosen', () => {
    const question = asked();
    question.kind = 'difference';
    expect(question.target([2, 0, 1])).toEqual({ kind: 'difference', index: 2, other: 0 });
    question.chosen = 0;
    expect(question.target([2, 0, 1])).toEqual({ kind: 'difference', index: 0, other: 2 });
    question.other = 1;
    expect(question.target([2, 0, 1])).toEqual({ kind: 'difference', index: 0, other: 1 });
  });

  it('never compares a class with itself', () => {
    const question = asked();
    question.kind = 'difference';
    question.chosen = question.other = 0;
    expect(question.target([0, 2])).toEqual({ kind: 'difference', index: 0, other: 2 });
    expect(question.target([0])).toEqual({ kind: 'logit', index: 0 });
  });

  it('remembers the options of each method', () => {
    const question = asked();
    question.setOption(methods[1], 'steps', 64);
    question.setOption(methods[0], 'absolute', true);
    expect(question.optionsOf(methods[1])).toEqual({ steps: 64, rule: 'gauss', absolute: false });
    question.resetOptions(methods[1]);
    expect(question.optionsOf(methods[1])).toEqual({ steps: 32, rule: 'gauss', absolute: false });
    expect(question.optionsOf(methods[0])).toMatchObject({ absolute: true });
  });
});
