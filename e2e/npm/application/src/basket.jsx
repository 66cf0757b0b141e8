import sum from "lodash/sum";

export function Basket({ prices }) {
  return <p>{`${Object.keys(prices).join(", ")}: ${sum(Object.values(prices))}`}</p>;
}
