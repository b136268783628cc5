/** The two calls of pngjs that this example uses. */
declare module 'pngjs' {
  /** Rows of RGBA, 8 bits a channel, whatever the file holds. */
  interface Png {
    readonly width: number
    readonly height: number
    readonly data: Uint8Array
  }
  const PNG: {
    readonly sync: {
      read(bytes: Uint8Array): Png
      write(
        png: Png,
        options: { readonly colorType: 2; readonly inputHasAlpha: boolean },
      ): Uint8Array
    }
  }
}
