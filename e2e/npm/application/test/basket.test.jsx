import { render, screen } from "@testing-library/react";
import { Basket } from "../src/basket";

test("a basket shows what is in it and what it costs", () => {
  render(<Basket prices={{ apple: 3, pear: 4 }} />);
  expect(screen.getByText("apple, pear: 7")).toBeDefined();
});
