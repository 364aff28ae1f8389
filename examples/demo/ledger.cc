#include "examples/demo/ledger.h"

#include <utility>

Ledger::Ledger(const std::string& path) : file_(std::fopen(path.c_str(), "w")) {
  if (ok()) std::fputs("partition,offset,kind,user_id,url,amount,event_time_ms,value\n", file_);
}

Ledger::~Ledger() { Close(); }

void Ledger::Append(int32_t partition, int64_t offset, const Click& click) {
  constexpr const char* kKinds[] = {"good", "stale", "bad"};
  std::string value;
  if (click.kind == Click::Kind::kBad) {
    for (unsigned char byte : click.json) {
      value += "0123456789abcdef"[byte >> 4];
      value += "0123456789abcdef"[byte & 15];
    }
  }
  ++counts_[static_cast<size_t>(click.kind)];
  std::fprintf(file_, "%d,%lld,%s,%s,%s,%lld,%lld,%s\n", partition, static_cast<long long>(offset),
               kKinds[static_cast<size_t>(click.kind)], click.user_id.c_str(), click.url.c_str(),
               static_cast<long long>(click.amount), static_cast<long long>(click.event_time_ms), value.c_str());
}

bool Ledger::Close() {
  std::FILE* file = std::exchange(file_, nullptr);
  if (file == nullptr) return true;
  const bool written = std::ferror(file) == 0;
  return std::fclose(file) == 0 && written;
}
