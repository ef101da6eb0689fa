import type { Page } from '@playwright/test';

/** Gives the page a camera that sees a teal canvas; to be called before the page is opened. */
export const fakeCamera = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    navigator.mediaDevices.enumerateDevices = async () => [
      { kind: 'videoinput', deviceId: 'teal', groupId: '', label: 'Teal' } as MediaDeviceInfo,
    ];
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
      const context = canvas.getContext('2d')!;
      context.fillStyle = 'teal';
      context.fillRect(0, 0, canvas.width, canvas.height);
      return canvas.captureStream(10);
    };
  });
