// The focal point on the picture's page: press or drag on the picture, or move the sliders. A chosen file is shown
// before it is sent. Without this script the sliders still work.

const PREVIEW_SIDE = 1200;

function enhance(root) {
  const picture = root.querySelector("[data-focal-point-picture]");
  const image = picture.querySelector("img");
  const cross = root.querySelector("[data-focal-point-cross]");
  const crops = root.querySelectorAll("[data-focal-point-crop]");
  const form = root.closest("form");
  const [across, down] = form.querySelectorAll("[data-focal-point-input]");
  if (!down) return; // somebody who may look, but not change

  const outputs = [across, down].map((input) => {
    const output = document.createElement("output");
    output.htmlFor = input.id;
    input.after(output);
    input.addEventListener("input", show);
    return output;
  });

  function show() {
    const focal = [across, down].map((input) => Number(input.value));
    const percents = focal.map((value) => `${Math.round(value * 100)}%`);
    cross.setAttribute("x", percents[0]);
    cross.setAttribute("y", percents[1]);
    outputs.forEach((output, index) => { output.textContent = percents[index]; });
    const size = [Number(root.dataset.width), Number(root.dataset.height)];
    if (size[0]) crops.forEach((crop) => crop.setAttribute("viewBox", viewBox(crop.dataset.focalPointCrop, size, focal)));
  }

  function point(event) {
    const { left, top, width, height } = image.getBoundingClientRect();
    across.value = (event.clientX - left) / width;
    down.value = (event.clientY - top) / height;
    show();
  }

  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    picture.setPointerCapture(event.pointerId);
    point(event);
  });
  picture.addEventListener("pointermove", (event) => {
    if (picture.hasPointerCapture(event.pointerId)) point(event);
  });

  const upload = form.querySelector("input[type=file]");
  upload?.addEventListener("change", async () => {
    root.hidden = true;
    const [file] = upload.files;
    if (!file) return;
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      return; // not a picture that this browser knows: the server will say what is wrong with it
    }
    display(bitmap);
  });

  function display(bitmap) {
    const scale = Math.min(1, PREVIEW_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    // A data: address, since the page's policy allows no blob: ones.
    const address = canvas.toDataURL("image/webp", 0.85);
    root.dataset.width = canvas.width;
    root.dataset.height = canvas.height;
    image.src = address;
    crops.forEach((crop) => {
      const shown = crop.querySelector("image");
      shown.setAttribute("href", address);
      shown.setAttribute("width", canvas.width);
      shown.setAttribute("height", canvas.height);
    });
    root.hidden = false;
    show();
  }

  show();
}

// The same box as crop_box() in articles/pictures/renditions.py.
function viewBox(crop, [width, height], [focalX, focalY]) {
  const [across, down] = crop.split(":").map(Number);
  const boxWidth = Math.min(width, height * across / down);
  const boxHeight = Math.min(height, width * down / across);
  const left = Math.min(Math.max(0, width * focalX - boxWidth / 2), width - boxWidth);
  const top = Math.min(Math.max(0, height * focalY - boxHeight / 2), height - boxHeight);
  return `${left} ${top} ${boxWidth} ${boxHeight}`;
}

document.querySelectorAll("[data-focal-point]").forEach(enhance);
