/** Whether a picture stands over the photograph. */
import type { Page } from '@playwright/test';

/** Share of the canvas's pixels that are strongly coloured: the photograph under the overlay is nearly grey. */
export async function colourfulness(page: Page): Promise<number> {
  const png = await page.locator('figure .window').screenshot();
  return page.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const image = await createImageBitmap(blob);
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let coloured = 0;
    for (let i = 0; i < data.length; i += 4) {
      const rgb = [data[i], data[i + 1], data[i + 2]];
      if (Math.max(...rgb) - Math.min(...rgb) > 60) coloured++;
    }
    return (coloured * 4) / data.length;
  }, png.toString('base64'));
}
