/*
 * first: asks for the first rows as soon as it is there, while the other scripts still come. The list asks for the same
 * and is given the answer.
 */
import { filtersOf, readAddress } from "./address.js"
import { askAhead } from "./api.js"

const FIRST_PAGE = 30 /* rows; more than is in view */

export const firstPage = (filters) => ({ ...filters, limit: FIRST_PAGE, brief: true })

askAhead("events", firstPage(filtersOf(readAddress())))
