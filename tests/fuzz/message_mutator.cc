#include "tests/fuzz/message_mutator.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/frames.h"

// libFuzzer's own: changes bytes in place.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace millrace {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

using Dice = std::minstd_rand;

struct Site {
  Message* message;
  const FieldDescriptor* field;
};

// Every field of the message and of those in it, set or not.
void Collect(Message* message, std::vector<Site>& sites, std::vector<std::string>& texts) {
  const Reflection* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    sites.push_back({message, field});
    const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 0;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      if (!field->is_repeated()) texts.push_back(reflection->GetString(*message, field));
      for (int k = 0; k < count; ++k) texts.push_back(reflection->GetRepeatedString(*message, field, k));
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    for (int k = 0; k < count; ++k) Collect(reflection->MutableRepeatedMessage(message, field, k), sites, texts);
    if (!field->is_repeated() && reflection->HasField(*message, field)) {
      Collect(reflection->MutableMessage(message, field), sites, texts);
    }
  }
}

template <typename T>
T NewNumber(T old, Dice& dice) {
  switch (dice() % 6) {
    case 0:
      return T(dice() % 4);
    case 1:
      return T(old + T(1));
    case 2:
      return T(old - T(1));
    case 3:
      return std::numeric_limits<T>::max();
    case 4:
      return std::numeric_limits<T>::lowest();
    default:
      LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(&old), sizeof old, sizeof old);
      return old;
  }
}

// Unsigned, so that one more than the greatest is defined.
template <typename T>
T NewSigned(T old, Dice& dice) {
  return static_cast<T>(NewNumber(static_cast<std::make_unsigned_t<T>>(old), dice));
}

std::string NewText(std::string old, const std::vector<std::string>& texts, Dice& dice) {
  // Names refer to each other.
  if (!texts.empty() && dice() % 2 == 0) return texts[dice() % texts.size()];
  const size_t size = old.size();
  old.resize(size * 2 + 8);
  old.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(old.data()), size, old.size()));
  return old;
}

// Sets a field that is not repeated, or the element `index` of one that is; -1: adds one.
class Setter {
 public:
  Setter(Site site, int index)
      : message_(site.message), field_(site.field), reflection_(site.message->GetReflection()), index_(index) {}

  void Change(const std::vector<std::string>& texts, Dice& dice) {
    switch (field_->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Int32(dice);
      case FieldDescriptor::CPPTYPE_INT64:
        return Int64(dice);
      case FieldDescriptor::CPPTYPE_UINT32:
        return UInt32(dice);
      case FieldDescriptor::CPPTYPE_UINT64:
        return UInt64(dice);
      case FieldDescriptor::CPPTYPE_STRING:
        return Text(texts, dice);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Messages();
      default:
        return Others(dice);
    }
  }

 private:
#define MILLRACE_CHANGE(Name, Type, New)                                                                    \
  void Name(Dice& dice) {                                                                                   \
    if (!field_->is_repeated()) {                                                                           \
      reflection_->Set##Name(message_, field_, New(reflection_->Get##Name(*message_, field_), dice));       \
    } else if (index_ < 0) {                                                                                \
      reflection_->Add##Name(message_, field_, New(Type(), dice));                                          \
    } else {                                                                                                \
      reflection_->SetRepeated##Name(message_, field_, index_,                                              \
                                     New(reflection_->GetRepeated##Name(*message_, field_, index_), dice)); \
    }                                                                                                       \
  }
  MILLRACE_CHANGE(Int32, int32_t, NewSigned)
  MILLRACE_CHANGE(Int64, int64_t, NewSigned)
  MILLRACE_CHANGE(UInt32, uint32_t, NewNumber)
  MILLRACE_CHANGE(UInt64, uint64_t, NewNumber)
#undef MILLRACE_CHANGE

  void Text(const std::vector<std::string>& texts, Dice& dice) {
    if (!field_->is_repeated()) {
      reflection_->SetString(message_, field_, NewText(reflection_->GetString(*message_, field_), texts, dice));
    } else if (index_ < 0) {
      reflection_->AddString(message_, field_, NewText("", texts, dice));
    } else {
      reflection_->SetRepeatedString(message_, field_, index_,
                                     NewText(reflection_->GetRepeatedString(*message_, field_, index_), texts, dice));
    }
  }
  void Messages() {
    if (!field_->is_repeated()) {
      reflection_->MutableMessage(message_, field_);
    } else {
      Message* added = reflection_->AddMessage(message_, field_);
      if (index_ >= 0) added->CopyFrom(reflection_->GetRepeatedMessage(*message_, field_, index_));
    }
  }
  // No repeated ones of these.
  void Others(Dice& dice) {
    if (field_->is_repeated()) return reflection_->ClearField(message_, field_);
    switch (field_->cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection_->SetBool(message_, field_, !reflection_->GetBool(*message_, field_));
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflection_->SetEnumValue(message_, field_, static_cast<int>(dice() % 12));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection_->SetDouble(message_, field_, NewNumber(reflection_->GetDouble(*message_, field_), dice));
      default:
        return reflection_->ClearField(message_, field_);
    }
  }

  Message* const message_;
  const FieldDescriptor* const field_;
  const Reflection* const reflection_;
  const int index_;
};

void ChangeOneField(Message& message, Dice& dice) {
  std::vector<Site> sites;
  std::vector<std::string> texts;
  Collect(&message, sites, texts);
  if (sites.empty()) return;
  const Site site = sites[dice() % sites.size()];
  const Reflection* reflection = site.message->GetReflection();
  const int count = site.field->is_repeated() ? reflection->FieldSize(*site.message, site.field) : 0;
  if (dice() % 6 == 0) {
    if (count > 1) {
      reflection->SwapElements(site.message, site.field, static_cast<int>(dice() % static_cast<unsigned>(count)),
                               count - 1);
      reflection->RemoveLast(site.message, site.field);
    } else {
      reflection->ClearField(site.message, site.field);
    }
    return;
  }
  const int index = count > 0 && dice() % 4 != 0 ? static_cast<int>(dice() % static_cast<unsigned>(count)) : -1;
  Setter(site, index).Change(texts, dice);
}

}  // namespace

size_t MutateMessage(const Message& prototype, uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  Dice dice(seed);
  std::unique_ptr<Message> message(prototype.New());
  if (dice() % 5 == 0 || !message->ParseFromArray(data, static_cast<int>(size)))
    return LLVMFuzzerMutate(data, size, max_size);
  ChangeOneField(*message, dice);
  const std::string bytes = message->SerializeAsString();
  if (bytes.empty() || bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

size_t MutateFrames(const Message& prototype, size_t prefix, uint8_t* data, size_t size, size_t max_size,
                    unsigned seed) {
  Dice dice(seed);
  if (size <= prefix || dice() % 10 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::vector<std::string> frames;
  for (std::string_view frame : CutIntoFrames({reinterpret_cast<const char*>(data) + prefix, size - prefix}, 16)) {
    frames.emplace_back(frame);
  }
  if (frames.empty()) frames.emplace_back();
  const size_t chosen = dice() % frames.size();
  switch (dice() % 8) {
    case 0:
      frames.erase(frames.begin() + static_cast<ptrdiff_t>(chosen));
      break;
    case 1:
      frames.push_back(frames[chosen]);
      break;
    default: {
      std::string& frame = frames[chosen];
      const size_t old = frame.size();
      frame.resize(std::min<size_t>(old * 2 + 64, 0xffff));
      frame.resize(MutateMessage(prototype, reinterpret_cast<uint8_t*>(frame.data()), old, frame.size(), dice()));
    }
  }
  std::string out(reinterpret_cast<const char*>(data), prefix);
  for (const std::string& frame : frames) {
    out.push_back(static_cast<char>(frame.size() & 0xff));
    out.push_back(static_cast<char>(frame.size() >> 8));
    out += frame;
  }
  if (out.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, out.data(), out.size());
  return out.size();
}

}  // namespace millrace
