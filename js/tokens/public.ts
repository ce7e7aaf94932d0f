// Every public name of `tollgate/tokens` but the functions that the runtimes' entry files make. Holds no code.

export { durableStore, type FamiliesNamespace, type FamiliesObject } from "./durable.js";
export {
  type FamilyRecord,
  type Loaded,
  type Mark,
  type Marks,
  type Store,
  StoreError,
  type StoreOperation,
  type Written,
} from "./store.js";
