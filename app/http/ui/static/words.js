// What the page says, in English and Chinese; the browser's language chooses.

const ENGLISH = {
  tagline: "Find products by text, picture, voice, or all of them at once.",
  docs: "Interface",
  key: "API key",
  catalogue: "Catalogue",
  text: "Text",
  textHint: "red running shoes",
  search: "Search",
  filter: "Only products that match",
  filterHint: "price < 50 AND colour IN ('red', 'blue')",
  picture: "Picture",
  pictureHint: "Drop, paste or choose a picture",
  voice: "Voice",
  record: "Record",
  stop: "Stop",
  voiceHint: "or choose a recording",
  level: "Loudness",
  remove: "Remove",
  results: "Results",
  more: "More",
  similar: "Similar products",
  noCatalogue: "There is no catalogue yet. Upload products first.",
  needKey: "Enter your API key. The server printed one at its first start.",
  needQuery: "Type something, add a picture, or record your voice.",
  needCatalogue: "Choose a catalogue.",
  recording: "Recording… press Stop when you are done.",
  noMicrophone: "The microphone cannot be used here. Allow it in the browser, or choose a recording.",
  queued: "Waiting for a worker…",
  running: "Searching…",
  cancelled: "The search was cancelled.",
  nothing: "Nothing was found.",
  unreachable: "The server cannot be reached. Try again.",
  gone: "This product was deleted.",
  found: (shown, total) => `${shown} of ${total} products`,
  took: (took) => `${took.total} ms: queue ${took.queue}, encode ${took.encode}, SQL ${took.sql}, re-rank ${took.rerank}`,
  heard: (words) => `Heard: “${words}”`,
  score: "score",
  saw: (name, seen) => `${name} looked at: ${seen}`,
  modality: { text: "text", image: "picture", speech: "voice", product: "product" },
};

const CHINESE = {
  tagline: "用文字、图片、语音，或三者一起，查找商品。",
  docs: "接口",
  key: "API 密钥",
  catalogue: "商品目录",
  text: "文字",
  textHint: "红色跑鞋",
  search: "搜索",
  filter: "只找符合条件的商品",
  filterHint: "price < 50 AND colour IN ('red', 'blue')",
  picture: "图片",
  pictureHint: "拖入、粘贴或选择一张图片",
  voice: "语音",
  record: "录音",
  stop: "停止",
  voiceHint: "或选择一段录音",
  level: "音量",
  remove: "移除",
  results: "结果",
  more: "更多",
  similar: "相似商品",
  noCatalogue: "还没有商品目录。请先上传商品。",
  needKey: "请输入 API 密钥。服务器第一次启动时会显示一个。",
  needQuery: "请输入文字、添加图片，或录一段语音。",
  needCatalogue: "请选择商品目录。",
  recording: "正在录音……说完请按“停止”。",
  noMicrophone: "这里无法使用麦克风。请在浏览器中允许，或选择一段录音。",
  queued: "正在等待处理……",
  running: "正在搜索……",
  cancelled: "搜索已取消。",
  nothing: "没有找到商品。",
  unreachable: "无法连接服务器，请重试。",
  gone: "该商品已被删除。",
  found: (shown, total) => `共 ${total} 件商品，显示 ${shown} 件`,
  took: (took) => `用时 ${took.total} 毫秒：排队 ${took.queue}，编码 ${took.encode}，SQL ${took.sql}，重排 ${took.rerank}`,
  heard: (words) => `听到：“${words}”`,
  score: "得分",
  saw: (name, seen) => `${name} 关注：${seen}`,
  modality: { text: "文字", image: "图片", speech: "语音", product: "商品" },
};

const isChinese = navigator.language.toLowerCase().startsWith("zh");
export const words = isChinese ? CHINESE : ENGLISH;

// Puts the words where the page's elements ask for them.
export function speak() {
  document.documentElement.lang = isChinese ? "zh-Hans" : "en";
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = words[each.dataset.word];
  for (const each of document.querySelectorAll("[data-hint]")) each.placeholder = words[each.dataset.hint];
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", words[each.dataset.label]);
}
