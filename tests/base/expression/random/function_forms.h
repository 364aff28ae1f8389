#pragma once

namespace millrace {

// How a function is called; an argument is
//   any ?    number n    integer i    few l    real x    decimal D  string s  bytes y  boolean b  date d  time t
//   timestamp p  with zone z  a point in time T  interval of months m  of milliseconds M  array a  of strings A  map P
//   row R   like the first =   a unit U   of time or day u   a pattern of LIKE L   of times F   a word that is one W
//   a character C   any type, a condition and so on *: more of the last two
struct FunctionForm {
  const char* function;
  const char* arguments;
};
// clang-format off
inline constexpr FunctionForm kFunctionForms[] = {
    {"equal", "?="}, {"not_equal", "?="}, {"less", "?="}, {"less_equal", "?="}, {"greater", "?="},
    {"greater_equal", "?="}, {"equal", "nn"}, {"less", "nn"}, {"greater_equal", "nn"}, {"equal", "sT"},
    {"less", "Ts"}, {"equal", "TT"}, {"less", "TT"}, {"is_distinct_from", "?="}, {"is_not_distinct_from", "nn"},
    {"is_null", "?"}, {"is_not_null", "?"}, {"in_list", "?=="}, {"in_list", "nnnn"}, {"greatest", "nn"},
    {"greatest", "?=="}, {"least", "nnn"}, {"least", "?="}, {"least", "dT"}, {"and", "bb"}, {"and", "bbb"},
    {"or", "bb"}, {"or", "bbb"}, {"not", "b"}, {"is_true", "b"}, {"is_not_true", "b"}, {"is_false", "b"},
    {"is_not_false", "b"}, {"plus", "nn"}, {"minus", "nn"}, {"times", "nn"}, {"divide", "nn"}, {"modulo", "nn"},
    {"divide", "ii"}, {"divide", "DD"}, {"times", "DD"}, {"modulo", "DD"}, {"modulo", "ii"}, {"plus", "Dn"},
    {"minus", "nD"}, {"negate", "n"}, {"abs", "n"}, {"sign", "n"}, {"ceil", "n"}, {"floor", "n"}, {"round", "n"},
    {"round", "nl"}, {"truncate", "n"}, {"truncate", "nl"}, {"bin", "i"}, {"hex", "i"}, {"hex", "s"}, {"power", "nn"},
    {"log", "nn"}, {"log", "n"}, {"atan2", "nn"}, {"pi", ""}, {"e", ""}, {"sqrt", "n"}, {"exp", "n"}, {"ln", "n"},
    {"log10", "n"}, {"log2", "n"}, {"sin", "n"}, {"cos", "n"}, {"tan", "n"}, {"cot", "n"}, {"asin", "n"},
    {"acos", "n"}, {"atan", "n"}, {"sinh", "n"}, {"cosh", "n"}, {"tanh", "n"}, {"degrees", "n"}, {"radians", "n"},
    {"case", "b?="}, {"case", "bnn"}, {"case", "b?b=="}, {"case", "bnbnn"}, {"if", "b?="}, {"if", "bnn"},
    {"coalesce", "?="}, {"coalesce", "nnn"}, {"coalesce", "?=="}, {"ifnull", "?="}, {"ifnull", "nn"},
    {"nullif", "?="}, {"nullif", "nn"}, {"get_field", "RW"}, {"element_at", "al"}, {"element_at", "Ps"},
    {"element_at", "PW"}, {"element", "a"}, {"cardinality", "a"}, {"cardinality", "P"}, {"array", "?="},
    {"array", "nnn"}, {"array", "s"}, {"map", "s?"}, {"map", "s?s="}, {"row", "??"}, {"array_contains", "a?"},
    {"array_contains", "Al"}, {"array_position", "a?"}, {"array_position", "As"}, {"array_distinct", "a"},
    {"array_reverse", "a"}, {"array_max", "a"}, {"array_min", "a"}, {"array_join", "As"}, {"array_join", "Ass"},
    {"map_keys", "P"}, {"map_values", "P"}, {"upper", "s"}, {"lower", "s"}, {"initcap", "s"}, {"concat", "ss"},
    {"concat", "sss"}, {"concat_operator", "ss"}, {"concat_ws", "sss"}, {"concat_ws", "Cssss"}, {"substring", "sl"},
    {"substring", "sll"}, {"left", "sl"}, {"right", "sl"}, {"trim", "s"}, {"trim", "sC"}, {"ltrim", "s"},
    {"ltrim", "ss"}, {"rtrim", "s"}, {"rtrim", "sC"}, {"btrim", "s"}, {"btrim", "ss"}, {"lpad", "sls"},
    {"rpad", "slC"}, {"repeat", "sl"}, {"reverse", "s"}, {"overlay", "ssl"}, {"overlay", "ssll"}, {"replace", "sss"},
    {"replace", "sCC"}, {"translate", "sss"}, {"elt", "lss"}, {"elt", "lsss"}, {"chr", "i"}, {"chr", "l"},
    {"ascii", "s"}, {"char_length", "s"}, {"position", "ss"}, {"position", "Cs"}, {"locate", "Cs"}, {"locate", "Csl"},
    {"instr", "sC"}, {"instr", "sCl"}, {"instr", "sCll"}, {"startswith", "ss"}, {"startswith", "sC"},
    {"endswith", "ss"}, {"endswith", "yy"}, {"split_index", "sCl"}, {"split_index", "sll"}, {"split", "sC"},
    {"str_to_map", "s"}, {"str_to_map", "sCC"}, {"count_char", "sC"}, {"is_alpha", "s"}, {"is_digit", "s"},
    {"is_decimal", "s"}, {"is_alpha", "n"}, {"is_digit", "n"}, {"is_decimal", "n"}, {"like", "sL"}, {"like", "ss"},
    {"like", "sLC"}, {"similar_to", "sL"}, {"regexp", "sL"}, {"regexp_replace", "sCs"}, {"regexp_extract", "sLl"},
    {"regexp_extract_all", "sCl"}, {"regexp_count", "sC"}, {"regexp_instr", "sC"}, {"regexp_substr", "sC"},
    {"md5", "s"}, {"sha1", "s"}, {"sha224", "s"}, {"sha256", "s"}, {"sha384", "s"}, {"sha512", "s"}, {"sha2", "sl"},
    {"to_base64", "s"}, {"from_base64", "s"}, {"encode", "ss"}, {"decode", "ys"}, {"url_encode", "s"},
    {"url_decode", "s"}, {"parse_url", "ss"}, {"extract", "UT"}, {"extract", "ut"}, {"year", "T"}, {"quarter", "T"},
    {"month", "T"}, {"week", "T"}, {"dayofyear", "T"}, {"dayofmonth", "T"}, {"dayofweek", "T"}, {"hour", "p"},
    {"hour", "t"}, {"minute", "z"}, {"minute", "t"}, {"second", "p"}, {"second", "t"}, {"floor_to", "UT"},
    {"floor_to", "ut"}, {"ceil_to", "UT"}, {"ceil_to", "ut"}, {"plus", "Tm"}, {"plus", "TM"}, {"plus", "mT"},
    {"plus", "tM"}, {"minus", "Tm"}, {"minus", "TM"}, {"minus", "tM"}, {"plus", "mm"}, {"plus", "MM"},
    {"minus", "mm"}, {"minus", "MM"}, {"times", "mi"}, {"times", "Ml"}, {"negate", "m"}, {"negate", "M"},
    {"timestampadd", "UlT"}, {"timestampadd", "ult"}, {"timestampadd", "UiT"}, {"timestampdiff", "UTT"},
    {"timestampdiff", "UT="}, {"date_format", "TF"}, {"date_format", "sF"}, {"to_date", "s"}, {"to_date", "sF"},
    {"to_timestamp", "s"}, {"to_timestamp", "sF"}, {"to_timestamp_ltz", "i"}, {"to_timestamp_ltz", "il"},
    {"to_timestamp_ltz", "n"}, {"to_timestamp_ltz", "s"}, {"unix_timestamp", "s"}, {"from_unixtime", "i"},
    {"from_unixtime", "iF"}, {"convert_tz", "sss"},
};
// clang-format on

}  // namespace millrace
