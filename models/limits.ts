/**
 * Bounds of what a model may be. All peers agree on them, for a manifest that one
 * device imports must be accepted by every other.
 *
 * @module
 */

/** Bytes of one ONNX file: protobuf and onnxruntime read no larger message. */
export const ONNX_BYTES_MAX = 2 ** 31 - 1

/** Files beside an ONNX file that hold its weights. */
export const EXTERNAL_FILES_MAX = 1_024

/** How deep ONNX messages may nest: eight subgraphs inside one another take 27. */
export const ONNX_DEPTH_MAX = 32

/** Fields of one ONNX file, each element of a list counted. */
export const ONNX_FIELDS_MAX = 4_000_000

/** Messages and byte strings of one ONNX file: what costs memory beyond the file itself. */
export const ONNX_OBJECTS_MAX = 500_000

/** Fields that the schema does not know, kept as they are. */
export const ONNX_UNKNOWN_FIELDS_MAX = 4_096

/** Nodes of one graph, those of subgraphs counted on their own. */
export const GRAPH_NODES_MAX = 100_000

/** Characters of a tensor's, node's or operator's name. */
export const NAME_CHARACTERS_MAX = 512

/** Bytes of a manifest: a model of 64 GiB in 1 MiB chunks needs about 2.3 MB. */
export const MANIFEST_BYTES_MAX = 8 * 2 ** 20

/** Bytes of a skeleton: graph, small tensors, and all that subgraphs hold. */
export const SKELETON_BYTES_MAX = 64 * 2 ** 20

/** Tensors that a manifest lists. */
export const TENSORS_MAX = 65_536

/** Bytes of one tensor: 64 GiB. */
export const TENSOR_BYTES_MAX = 64 * 2 ** 30

/** Bytes of a chunk, the unit in which blobs are fetched and verified. */
export const CHUNK_BYTES = 2 ** 20

/** A tensor below this many bytes stays in the skeleton: a blob of its own would cost more than it saves. */
export const INLINE_BYTES_MAX = 1_024

/** Layers of a model: enough to balance any mesh, few enough for the exhaustive solver. */
export const LAYERS_MAX = 64

/** Tensors that may cross one cut. */
export const CUT_TENSORS_MAX = 256

/** Inputs or outputs of a model. */
export const PORTS_MAX = 256

/** Layers with keys and values: their tensors, and four more, are the inputs of a decoder. */
export const CACHES_MAX = 126

/** Tokens that end an answer. */
export const STOP_TOKENS_MAX = 16

/** Characters of a chat template. */
export const TEMPLATE_CHARACTERS_MAX = 65_536

/** Stages of one partition. */
export const STAGES_MAX = 64

/** Bytes of the head of a safetensors file. */
export const SAFETENSORS_HEAD_BYTES_MAX = 32 * 2 ** 20

/** Files of one model. */
export const SAFETENSORS_FILES_MAX = 1_024

/** GGUF files of one model. */
export const GGUF_PARTS_MAX = 1_024

/** Bytes of all that stands before the weights of a GGUF file: vocabularies of a million tokens fit. */
export const GGUF_HEAD_BYTES_MAX = 64 * 2 ** 20

/** Keys in the metadata of a GGUF file. */
export const GGUF_KEYS_MAX = 4_096

/** Bytes of a key in the metadata, and of a tensor's name. */
export const GGUF_NAME_BYTES_MAX = 256

/** Bytes of a string in the metadata: chat templates are the longest. */
export const GGUF_STRING_BYTES_MAX = 2 ** 20

/** Elements of all lists in the metadata together: tokens, their scores and kinds, and merges. */
export const GGUF_ELEMENTS_MAX = 8_000_000

/** Bytes to which tensors in a GGUF file may be aligned. */
export const GGUF_ALIGNMENT_MAX = 65_536

/**
 * Tokens of a vocabulary: twice the largest of today. Shares of 2^34 for each of them still sum to
 * whole numbers that a double holds.
 */
export const VOCABULARY_MAX = 2 ** 19

/** Likeliest tokens that one draw reports. */
export const LOGPROBS_MAX = 20

/** Tokens whose logits one request may shift. */
export const LOGIT_BIASES_MAX = 1_024

/** Tokens that end the text of one session: those of the model, and more. */
export const SESSION_STOP_TOKENS_MAX = 64

/** Characters of a piece that is made of others: SentencePiece makes none of more than a few dozen. */
export const PIECE_CHARACTERS_MAX = 512

/** Bytes of a tokenizer.json: one of 262,144 tokens takes about 33 MB. */
export const TOKENIZER_BYTES_MAX = 64 * 2 ** 20

/** Bytes of a grammar's text, and of all literals that a JSON schema lists. */
export const GRAMMAR_BYTES_MAX = 65_536

/** Rules of one grammar. */
export const GRAMMAR_RULES_MAX = 4_096

/** Positions of a grammar's automaton: what counts and long lists are multiplied out to. */
export const GRAMMAR_POSITIONS_MAX = 131_072

/** How deep groups of a grammar, and subschemas of a JSON schema, may nest. */
export const GRAMMAR_DEPTH_MAX = 64

/** Characters of a property's name where a schema allows others beside it. */
export const GRAMMAR_NAME_MAX = 256

/** Subschemas of one JSON schema. */
export const SCHEMA_NODES_MAX = 4_096

/** States of one lexical rule that are kept; beyond it all are made anew when they are needed. */
export const LEXICAL_STATES_MAX = 1_024

/** Positions that those states may have together. */
export const LEXICAL_POSITIONS_KEPT_MAX = 500_000

/** Places of a lexical rule that a text may be at, at a time. A text that needs more is not allowed. */
export const LEXICAL_POSITIONS_MAX = 8_192

/** Lexical rules whose states are kept for one vocabulary, whatever the grammar. */
export const LEXICALS_MAX = 64

/** States of one grammar's pushdown automaton that are kept; beyond it all are made anew. */
export const PUSHDOWN_STATES_MAX = 4_096

/** Stacks that are kept for those states; beyond it all are made anew. */
export const PUSHDOWN_STACKS_KEPT_MAX = 131_072

/** Ways of reading a text that are followed at a time. A text that needs more is not allowed. */
export const PUSHDOWN_STACKS_MAX = 1_024

/** Ways that are gone through to find those of one byte more. */
export const PUSHDOWN_REACHED_MAX: number = 8 * PUSHDOWN_STACKS_MAX

/** States of a text that are kept, to go back to: as many as tokens that may be guessed, and more. */
export const CONSTRAINT_STATES_MAX = 128

/** Rules that may wait for one another. A deeper text is not allowed. */
export const PUSHDOWN_DEPTH_MAX = 4_096

/**
 * Steps of automata that may be worked out for one mask: up to a few tenths of a second. Of a grammar
 * that needs more nothing is allowed there.
 */
export const MASK_STEPS_MAX = 500_000

/** Nodes of the tree of tokens that may be gone through for one mask, for each node that there is, and in all more. */
export const MASK_VISITS_MAX = 64
export const MASK_VISITS_MORE = 1_000_000

/** Masks over a vocabulary that are kept for one grammar, and for one lexical rule. */
export const MASKS_MAX = 128
