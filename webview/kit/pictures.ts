import { InputError } from '../../src/base/errors';

/** Pixels of a PNG for each unit of the picture: sharp in print and on dense screens. */
const DENSITY = 2;

/** Draws an SVG picture as PNG bytes. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth * DENSITY;
    canvas.height = image.naturalHeight * DENSITY;
    const context = canvas.getContext('2d');
    context?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => {
      canvas.toBlob(resolve, 'image/png');
    });
    if (blob === null) {
      throw new InputError({
        what: 'the picture is too large to be drawn',
        remedy: 'Show fewer charts, or save it as SVG.',
      });
    }
    return new Uint8Array(await blob.arrayBuffer());
  } finally {
    URL.revokeObjectURL(url);
  }
}
