// Logged in again in a window of its own: the page that waits behind it goes on by itself.
window.close();
