/** @file The camera: started on a click, and its light is off as soon as nobody looks. */

export class Camera {
  /** Whether there is one at all; without, nothing is offered. */
  present = $state(false);
  stream = $state.raw<MediaStream | null>(null);
  /** All there are, once the person has allowed one: before, browsers tell no names. */
  devices = $state.raw<readonly { readonly id: string; readonly name: string }[]>([]);
  current = $state('');
  /** The camera looks at the person, who expects a mirror. */
  mirrored = $state(false);
  problem = $state('');
  /** Whether it was left while the person was still being asked. */
  #gone = false;

  async look(): Promise<void> {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const cameras = devices.filter(({ kind }) => kind === 'videoinput');
    this.present = cameras.length > 0;
    this.devices = cameras.map(({ deviceId, label }, i) => ({ id: deviceId, name: label || `Camera ${i + 1}` }));
  }

  /** `id`: of `devices`; by default the one at the back, where a device has several. */
  async start(id = ''): Promise<void> {
    this.stop();
    this.problem = '';
    try {
      const video = id ? { deviceId: { exact: id } } : { facingMode: { ideal: 'environment' } };
      this.#show(await navigator.mediaDevices.getUserMedia({ video }));
      await this.look();
    } catch (error) {
      this.problem = reason(error instanceof DOMException ? error.name : '');
      if (error instanceof DOMException && error.name === 'NotFoundError') this.present = false;
    }
  }

  stop(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  leave(): void {
    this.#gone = true;
    this.stop();
  }

  #show(stream: MediaStream): void {
    this.stream = stream;
    if (this.#gone) return this.stop();
    const [track] = stream.getVideoTracks();
    const { deviceId = '', facingMode } = track.getSettings();
    [this.current, this.mirrored] = [deviceId, facingMode === 'user'];
    track.addEventListener('ended', () => {
      if (this.stream !== stream) return;
      this.stop();
      this.problem = 'The camera stopped: it was unplugged, or the browser took it away. Start it again.';
    });
  }
}

/** By the names that the specification has for it. */
function reason(name: string): string {
  switch (name) {
    case 'NotAllowedError':
      return 'The browser does not let this page use the camera. Allow it in the address bar, then try again.';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'This camera is no longer there. Plug it in, or open an image instead.';
    default:
      return 'The camera could not be started. Close other programs that use it, then try again.';
  }
}
